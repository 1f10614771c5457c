import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { profileNames } from '../../../../src/config/settings/names.ts';
import { wholeCatalogue } from '../../../../src/metrics/catalogue.ts';
import { agentMetrics } from '../../../../scripts/docs/agent-metrics.ts';
import { movesByProfile, peerTable, profileRows } from '../../../../scripts/docs/migration-blocks.ts';
import { moveOf } from '../../../../scripts/docs/migration/moves.ts';
import { telegrafMoves } from '../../../../scripts/docs/migration/telegraf.ts';

describe('docs/migration', () => {
  test('moves to metrics that there are', async () => {
    const { containers, runtime } = wholeCatalogue(['semconv']);
    const known = new Map([...containers, ...runtime].map(({ name, attributes }) => [name, attributes]));
    for (const { name, attributes } of await agentMetrics()) known.set(name, attributes);
    for (const [title, moves] of [...movesByProfile, ['telegraf', telegrafMoves]] as const) {
      for (const [old, [semconv]] of Object.entries(moves)) {
        const [, name = '', attribute] = /^([^{]*)(?:\{([^=]+)=.*\})?$/.exec(semconv) ?? [];
        assert.ok(name === '' || known.has(name), `${title}: ${old} moves to ${semconv}`);
        assert.ok(attribute === undefined || known.get(name)?.includes(attribute), `${title}: ${old}`);
      }
    }
  });

  test('has every measurement of telegraf', () => {
    const measurements = new Set(Object.keys(telegrafMoves).map((key) => key.replace(/\..*$/, '')));
    const container = ['blkio', 'cpu', 'health', 'mem', 'net', 'status'].map(
      (name) => `docker_container_${name}`,
    );
    const runtime = ['docker', 'docker_data', 'docker_metadata', 'docker_devicemapper', 'docker_disk_usage'];
    assert.deepEqual([...measurements].sort(), [...container, ...runtime, 'docker_swarm'].sort());
  });

  test('has no empty cell for what profile semconv has', () => {
    for (const profile of ['docker_stats', 'cadvisor'] as const) {
      const moves = movesByProfile.get(profile) ?? {};
      const names = profileRows(profile).map(({ name }) => name);
      const memory = names.filter((name) =>
        /memory.(total_)?(in)?active_|mapped_file|dirty|writeback/.test(name),
      );
      assert.ok(memory.length >= 5);
      for (const name of memory) assert.notEqual(moveOf(moves, name)[0], '', name);
    }
  });

  test('says nothing of changes in what a profile lacks', () => {
    const rows = peerTable('cadvisor').split('\n');
    const absent = rows.filter((row) => row.includes('**absent**'));
    assert.ok(absent.length > 10);
    for (const row of absent) assert.match(row, /\|\s*\|\s*\|$/, row);
    const named = rows.filter((row) => /container_(fs_(reads|writes)_|blkio)/.test(row));
    for (const row of named) if (!row.includes('_merged_')) assert.match(row, /by the kernel’s files/, row);
  });

  test('names only what a profile has, and all of it', () => {
    for (const profile of profileNames.filter((name) => name !== 'semconv')) {
      const moves = movesByProfile.get(profile);
      const text = peerTable(profile);
      assert.ok(moves, `nobody wrote how to move over from ${profile}`);
      const names = profileRows(profile).map(({ name }) => name);
      for (const name of names) assert.ok(text.includes(`| \`${name}\` |`), name);
      const strangers = Object.keys(moves).filter(
        (key) => !names.some((name) => moveOf({ [key]: ['found'] }, name)[0] === 'found'),
      );
      assert.deepEqual(strangers, [], profile);
    }
  });
});

test('the longest beginning that fits decides on a move', () => {
  const moves = { 'a_*': ['beginning'], 'a_b_*': ['longer'], a_b_c: ['whole'] } as const;
  assert.deepEqual(
    ['a_x', 'a_b_x', 'a_b_c', 'b'].map((name) => moveOf(moves, name)[0]),
    ['beginning', 'longer', 'whole', ''],
  );
});
