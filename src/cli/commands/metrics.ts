import * as z from 'zod';
import { chosenMetrics } from '../../agent/catalogue.ts';
import { metricsMarkdown, metricsTable, profileRows } from '../../metrics/listing.ts';
import type { Command, CommandContext } from '../command.ts';

const formats = ['table', 'json', 'markdown'] as const;

const options = {
  format: {
    type: z.enum(formats, { error: `expected one of ${formats.join(', ')}` }),
    default: 'table',
    help: `How to print: ${formats.join(', ')}`,
  },
};

/** `tidegauge metrics`: the catalogue of the chosen profiles. */
export const metricsCommand: Command<typeof options> = {
  name: 'metrics',
  describe: 'List the metrics of the chosen profiles',
  options,
  examples: [{ line: '$0 metrics --profile docker_exporter', does: 'what a profile exports' }],
  run({ config, argv, stdout }: CommandContext<typeof options>) {
    const rows = profileRows(config.profile, chosenMetrics(config).catalogue);
    stdout.write({ table: metricsTable, json: asJson, markdown: metricsMarkdown }[argv.format](rows));
    return Promise.resolve(0);
  },
};

function asJson(rows: ReturnType<typeof profileRows>): string {
  return `${JSON.stringify(rows, null, 2)}\n`;
}
