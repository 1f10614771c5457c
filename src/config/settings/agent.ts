import { boolean, text } from '../types/scalars.ts';
import { oneOf } from '../types/one-of.ts';
import type { SettingTable } from './setting.ts';

/** The agent as a process. */
export const agentSettings = {
  config: {
    type: text('a file').optional(),
    defaultText: 'none',
    group: 'Agent',
    help: 'YAML file with any of these settings; read again on SIGHUP',
    example: '/etc/tidegauge/tidegauge.yaml',
    isOutsideFile: true,
  },
  logLevel: {
    type: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      aliases: { none: 'silent', verbose: 'trace', all: 'trace', warning: 'warn' },
    }),
    default: 'info',
    group: 'Agent',
    help: 'Least level that is logged: trace, debug, info, warn, error, fatal, silent',
    example: 'warn',
    otelVariables: [{ name: 'OTEL_LOG_LEVEL' }],
  },
  verbose: {
    type: boolean(),
    default: 'false',
    group: 'Agent',
    help: 'Log at level debug at least',
    example: 'true',
  },
  selfAudit: {
    type: boolean(),
    default: 'false',
    group: 'Agent',
    help: "Check one random container per probe against the docker command's arithmetic, over the same answers",
    example: 'true',
  },
  sdkDisabled: {
    type: boolean(),
    default: 'false',
    group: 'Agent',
    help: 'Measure and export nothing',
    example: 'true',
    otelVariables: [{ name: 'OTEL_SDK_DISABLED' }],
  },
} as const satisfies SettingTable;
