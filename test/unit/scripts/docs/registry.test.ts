import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import * as stable from '@opentelemetry/semantic-conventions';
import * as incubating from '@opentelemetry/semantic-conventions/incubating';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { wholeCatalogue } from '../../../../src/metrics/catalogue.ts';
import { captures, recordedContainers } from '../../../support/wire/recorded-cases.ts';
import { kernelMeasured } from '../../metrics/kernel-measured.ts';
import { observationsOf, recordedAnswers, snapshotFrom } from '../../metrics/observed.ts';

const text = await readFile(join(import.meta.dirname, '../../../../docs/metrics/registry.yaml'), 'utf8');

/** The parts of the conventions' own schema that we use; strict objects, so that a misspelt key is an error. */
const stability = z.literal('development');
const member = z.strictObject({ id: z.string().regex(/^[a-z][a-z0-9_]*$/), value: z.string(), stability });
const attributeDefinition = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$/),
  type: z.union([z.literal('string'), z.strictObject({ members: z.array(member).min(1) })]),
  brief: z.string().regex(/^[A-Z].*\.$/),
  examples: z.array(z.string()).optional(),
  stability,
});
const attributeReference = z.strictObject({
  ref: z.string(),
  requirement_level: z.union([
    z.enum(['required', 'recommended', 'opt_in']),
    z.strictObject({ conditionally_required: z.string() }),
  ]),
});
const metricGroup = z.strictObject({
  id: z.string().startsWith('metric.'),
  type: z.literal('metric'),
  metric_name: z.string(),
  brief: z.string().regex(/^[A-Z0-9].*[^.]\.$/),
  note: z.string().startsWith('Its name is '),
  instrument: z.enum(['counter', 'updowncounter', 'gauge', 'histogram']),
  unit: z.string(),
  stability,
  attributes: z.array(attributeReference).optional(),
});
const attributeGroup = z.strictObject({
  id: z.literal('registry.tidegauge'),
  type: z.literal('attribute_group'),
  display_name: z.string(),
  brief: z.string(),
  attributes: z.array(attributeDefinition),
});
const registry = z.strictObject({ groups: z.tuple([attributeGroup], metricGroup) });

function parsed(): z.output<typeof registry> {
  const document = parseDocument(text, { strict: true, uniqueKeys: true });
  assert.deepEqual([...document.errors, ...document.warnings], []);
  return registry.parse(document.toJS());
}

const conventions = new Set<unknown>(Object.values({ ...stable, ...incubating }));

test('is valid YAML in the shape of the conventions’ registries, each id once', () => {
  const [attributes, ...metrics] = parsed().groups;
  for (const ids of [attributes.attributes.map(({ id }) => id), metrics.map(({ id }) => id)])
    assert.deepEqual(ids, [...new Set(ids)]);
  for (const { id, metric_name: name } of metrics) assert.equal(id, `metric.${name}`);
});

test('holds every metric of our own with its kind, unit and attributes, and none of the conventions', () => {
  const [, ...metrics] = parsed().groups;
  const { containers, runtime } = wholeCatalogue(['semconv']);
  const ours = [...containers, ...runtime].filter(({ stability: origin }) => origin === 'extension');
  for (const { name, kind, unit, attributes } of ours) {
    const found = metrics.find(({ metric_name: its }) => its === name);
    assert.ok(found, name);
    assert.deepEqual([found.instrument, found.unit], [kind, unit], name);
    assert.deepEqual(
      (found.attributes ?? []).map(({ ref }) => ref),
      attributes,
      name,
    );
  }
  const names = metrics.map(({ metric_name: name }) => name);
  assert.deepEqual(
    names.filter((name) => conventions.has(name)),
    [],
  );
  for (const own of ['tidegauge.probe.duration', 'tidegauge.export.failures']) assert.ok(names.includes(own));
});

test('every attribute is the conventions’ or defined here, and what is defined is used', () => {
  const [{ attributes }, ...metrics] = parsed().groups;
  const used = new Set(metrics.flatMap((metric) => (metric.attributes ?? []).map(({ ref }) => ref)));
  // The conventions have a template for labels: container.label.<key>.
  const ours = [...used].filter((key) => !conventions.has(key) && !key.startsWith('container.label.'));
  assert.deepEqual(ours.toSorted(), attributes.map(({ id }) => id).toSorted());
});

/** Every pair of attribute and value that the recorded containers show. */
function observedPairs(): Set<string> {
  const snapshots = captures.flatMap((capture) =>
    recordedContainers(capture)
      .filter((name) => name !== 'oom_exited')
      .flatMap((name) => [snapshotFrom(recordedAnswers(capture, name)), kernelMeasured(capture, name)]),
  );
  const observed = wholeCatalogue(['semconv']).containers.flatMap((instrument) =>
    snapshots.flatMap((snapshot) => observationsOf(instrument, snapshot)),
  );
  const pairs = observed.flatMap(({ attributes }) => Object.entries(attributes));
  return new Set(pairs.map(([key, value]) => `${key}=${value}`));
}

test('recorded: every value that is observed is among the members', () => {
  const [{ attributes }] = parsed().groups;
  const pairs = observedPairs();
  for (const { id, type } of attributes.filter((each) => typeof each.type !== 'string')) {
    const members = typeof type === 'string' ? [] : type.members.map(({ value }) => `${id}=${value}`);
    const seen = [...pairs].filter((pair) => pair.startsWith(`${id}=`));
    assert.deepEqual(
      seen.filter((pair) => !members.includes(pair)),
      [],
    );
    if (
      ['container.memory.linux.type', 'container.memory.linux.event', 'container.pressure.resource'].includes(
        id,
      )
    )
      assert.equal(seen.length, members.length, id);
  }
});
