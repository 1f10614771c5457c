import type { z } from 'zod';
import type { profileNames } from './names.ts';

/** Headings of the help text and of the configuration table. */
type SettingGroup = 'Runtime' | 'Containers' | 'Probing' | 'Export' | 'OTLP' | 'Prometheus' | 'Agent';

/** Values from which defaults of other settings are derived. */
export interface KnownValues {
  readonly intervalMillis: number;
  readonly resourceAttributes: Readonly<Record<string, string>>;
  /** An OTLP endpoint was named, and is not the default. */
  readonly isEndpointGiven: boolean;
}

/** A variable of the OpenTelemetry specification that gives a setting. */
export interface OtelVariable {
  readonly name: string;
  /** Type of this variable, where its text differs from the setting's own. */
  readonly type?: z.ZodType;
}

/** One setting, as the command line, the loader and the documents use it. */
export interface Setting<Type extends z.ZodType = z.ZodType> {
  /** Takes what flags, variables and YAML hold, and leaves what it gave unchanged when given that again. */
  readonly type: Type;
  /** As a user would write it, or worked out of others; absent: the setting may be undefined. */
  readonly default?: string | ((known: KnownValues) => string);
  /** The default in words, where it is not a constant. */
  readonly defaultText?: string;
  readonly group: SettingGroup;
  /** One sentence without its full stop. */
  readonly help: string;
  /** A value, as written after the flag. */
  readonly example: string;
  /** First wins; none: the variable is `TIDEGAUGE_` and the flag's name. */
  readonly otelVariables?: readonly OtelVariable[];
  /** It is without effect unless this profile is chosen. */
  readonly ofProfile?: (typeof profileNames)[number];
  /** The variables do not replace but complete each other, key by key, and parts of a value the file and the default; the first wins. */
  readonly combined?: true;
  /** Its flag may be given several times. */
  readonly isRepeatable?: true;
  /** Never shown, not even in errors. */
  readonly isSecret?: true;
  /** Names a PEM file that must be readable. */
  readonly isPem?: true;
  /** Names the file, so the file cannot hold it. */
  readonly isOutsideFile?: true;
  /** A map that only the file can hold: it has no flag and no variable. */
  readonly isFileOnly?: true;
  /** Key of an earlier setting that this one may not exceed: it is lowered to that, unless it was worked out of others. */
  readonly maxKey?: string;
}

/** The table's form. */
export type SettingTable = Readonly<Record<string, Setting>>;

/** The resolved values of a table's settings. */
export type Values<Table extends SettingTable> = {
  readonly [Key in keyof Table]: z.output<Table[Key]['type']>;
};

/** A setting with its names for users. */
export interface NamedSetting extends Setting {
  /** In Config. */
  readonly key: string;
  /** Without its dashes in front. */
  readonly flag: string;
  readonly fileKey: string;
  /** First wins. */
  readonly variables: readonly string[];
}

/** All names follow from the key: `dockerUrl`, `--docker-url`, `docker_url`, `TIDEGAUGE_DOCKER_URL`. */
export function nameSettings(table: SettingTable): readonly NamedSetting[] {
  return Object.entries(table).map(([key, setting]) => {
    const flag = flagOf(key);
    const fileKey = flag.replaceAll('-', '_');
    const otel = setting.otelVariables?.map(({ name }) => name);
    return {
      ...setting,
      key,
      flag,
      fileKey,
      variables: setting.isFileOnly ? [] : (otel ?? [`TIDEGAUGE_${fileKey.toUpperCase()}`]),
    };
  });
}

/**
 * The flag of a key, without its dashes: `maxAge` is `max-age`. A duration's unit is in its key alone, since users write
 * units themselves: `callTimeoutMillis` is `call-timeout`.
 */
export function flagOf(key: string): string {
  return key.replace(/Millis$/, '').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** True when the flag takes no value, as in `--verbose`. */
export function isSwitch({ type }: Pick<Setting, 'type'>): boolean {
  return type.safeParse(true).success;
}
