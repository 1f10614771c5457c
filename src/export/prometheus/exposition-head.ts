import { escapeHelp } from './text-format.ts';
import type { FamilyHead } from './family.ts';
import type { ExpositionFormat } from './exposition-format.ts';

/** The lines above a family's samples. Only OpenMetrics knows UNIT. */
export function headLines({ name, type, unit, help }: FamilyHead, format: ExpositionFormat): string {
  const helpLine = help === '' ? '' : `# HELP ${name} ${escapeHelp(help, format)}\n`;
  const unitLine = unit === '' || format === 'text' ? '' : `# UNIT ${name} ${unit}\n`;
  return `${helpLine}# TYPE ${name} ${type}\n${unitLine}`;
}
