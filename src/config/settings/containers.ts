import { attributeRule } from '../types/attribute-rule.ts';
import { boolean, integer } from '../types/scalars.ts';
import { listOf } from '../types/list-of.ts';
import { oneOf } from '../types/one-of.ts';
import { presetNames } from './names.ts';
import { selectionRule, splitRules } from '../types/selection-rule.ts';
import type { SettingTable } from './setting.ts';
import { splitPatterns } from '../types/pattern.ts';

/** Which containers are measured, and what of their labels and environment is told. */
export const selectionSettings = {
  include: {
    type: listOf(selectionRule(), splitRules).optional(),
    defaultText: 'every container',
    group: 'Containers',
    help: 'Measure only these: name=, image=, label= or state= and a name, glob or /regex/',
    example: 'name=web-*',
    isRepeatable: true,
  },
  exclude: {
    type: listOf(selectionRule(), splitRules).optional(),
    defaultText: 'none',
    group: 'Containers',
    help: 'Leave these out, also where they are included; written as --include',
    example: 'image=/^registry\\.local\\//,label=env=dev,state=exited',
    isRepeatable: true,
  },
  enableByDefault: {
    type: boolean(),
    default: 'true',
    group: 'Containers',
    help: 'Measure containers without a label tidegauge.enable of true or false',
    example: 'false',
  },
  stoppedContainers: {
    type: boolean(),
    default: 'true',
    group: 'Containers',
    help: 'Publish state and exit code of containers that do not run',
    example: 'false',
  },
  labelAttribute: rules('Labels that become attributes of the container: PATTERN or PATTERN=NAME', {
    example: 'com.example.team=team,/^com\\.example\\.(.+)$/=example.$1',
  }),
  envAttribute: rules('Environment variables that become attributes of the container', {
    example: 'APP_VERSION=app.version',
  }),
  labelPointAttribute: rules('Labels that become attributes of each data point, a label of each series', {
    example: 'com.docker.compose.project=project',
  }),
  envPointAttribute: rules('Environment variables that become attributes of each data point', {
    example: 'STAGE=stage',
  }),
  attributeValueLimit: {
    type: integer(1, 1_000_000),
    default: '1000',
    group: 'Containers',
    help: 'Values that one attribute made of labels or variables may have at a time; further ones are left out',
    example: '200',
  },
  preset: {
    type: listOf(oneOf([...presetNames, 'none'])).refine(
      (names) => names.length === 1 || !names.includes('none'),
      { error: 'none excludes every preset' },
    ),
    default: presetNames.join(),
    group: 'Containers',
    help: `Labels of these become attributes by themselves: ${presetNames.join(', ')}, or none`,
    example: 'compose,oci',
    isRepeatable: true,
  },
} as const satisfies SettingTable;

function rules(help: string, { example }: { readonly example: string }) {
  return {
    type: listOf(attributeRule(), splitPatterns).optional(),
    defaultText: 'none',
    group: 'Containers',
    help,
    example,
    isRepeatable: true,
  } as const;
}
