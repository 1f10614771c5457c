import * as z from 'zod';
import { boolean, text } from '../types/scalars.ts';
import { compileExclusion } from './excluded-images.ts';
import { compilePattern } from '../types/pattern.ts';

const aggregationStrategies = ['sum', 'avg', 'min', 'max'] as const;

const map = { error: 'expected a map' };
const list = { error: 'expected a list' };
const duration = { error: 'expected a duration such as 500ms, 10s or 1m30s' };

/** A value of an attribute, whole or as a regular expression. */
const filter = z.union(
  [
    z.strictObject({ strict: z.string() }),
    z.strictObject({
      regexp: z
        .string()
        .min(1, { error: 'expected a regular expression' })
        .superRefine(refused((regexp) => compilePattern(`/${regexp}/`))),
    }),
  ],
  { error: 'expected strict: VALUE or regexp: EXPRESSION' },
);

const metric = z.strictObject(
  {
    enabled: boolean().optional(),
    attributes: z.array(z.string({ error: 'expected an attribute' }), list).nullish(),
    aggregation_strategy: z
      .enum(aggregationStrategies, { error: `expected one of ${aggregationStrategies.join(', ')}` })
      .optional(),
  },
  map,
);

const resourceAttribute = z
  .strictObject(
    {
      enabled: boolean().optional(),
      metrics_include: z.array(filter, list).nullish(),
      metrics_exclude: z.array(filter, list).nullish(),
    },
    map,
  )
  .nullish();

const mapping = z.record(z.string(), text('the name of an attribute'), map).nullish();

/** The block of a docker_stats receiver in a Collector's file, as far as it is understood; see `mappedKeys` too. */
export const dockerStatsBlock = z
  .strictObject(
    {
      // Keys with a setting of our own are validated there.
      endpoint: z.string({ error: 'expected a URL' }).nullish(),
      collection_interval: z.unknown().optional(),
      timeout: z.unknown().optional(),
      api_version: z.unknown().optional(),
      initial_delay: z.union([z.string(), z.number()], duration).nullish(),
      stream_stats: boolean().nullish(),
      excluded_images: z
        .array(z.string({ error: 'expected an image' }).superRefine(refused(compileExclusion)), list)
        .nullish(),
      container_labels_to_metric_labels: mapping,
      env_vars_to_metric_labels: mapping,
      metrics: z.record(z.string(), metric.nullish(), map).nullish(),
      resource_attributes: z
        .strictObject(
          {
            'container.command_line': resourceAttribute,
            'container.hostname': resourceAttribute,
            'container.id': resourceAttribute,
            'container.image.id': resourceAttribute,
            'container.image.name': resourceAttribute,
            'container.name': resourceAttribute,
            'container.runtime': resourceAttribute,
          },
          map,
        )
        .nullish(),
      tls: z
        .strictObject(
          {
            ca_file: text('a file').nullish(),
            cert_file: text('a file').nullish(),
            key_file: text('a file').nullish(),
            insecure_skip_verify: boolean().nullish(),
            // The scheme of the endpoint decides here, and files are read again on SIGHUP.
            insecure: boolean().nullish(),
            reload_interval: z.union([z.string(), z.number()], duration).nullish(),
          },
          map,
        )
        .nullish(),
    },
    map,
  )
  .readonly();

/** A pasted block, validated. */
export type DockerStatsBlock = z.output<typeof dockerStatsBlock>;

function refused(compile: (written: string) => unknown) {
  return (written: string, context: z.core.$RefinementCtx<string>): void => {
    try {
      compile(written);
    } catch (error) {
      context.addIssue(error instanceof Error ? error.message : String(error));
    }
  };
}
