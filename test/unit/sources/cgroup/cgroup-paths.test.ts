import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCgroupPaths } from '../../../../src/sources/cgroup/cgroup-paths.ts';

test('paths by controller, of joined ones both; version 2 without a name', () => {
  assert.deepEqual(
    [...parseCgroupPaths('9:name=systemd:/s\n4:cpu,cpuacct:/a:b\n2:memory:/m\n0::/u x\n')],
    [
      ['name=systemd', '/s'],
      ['cpu', '/a:b'],
      ['cpuacct', '/a:b'],
      ['memory', '/m'],
      ['', '/u x'],
    ],
  );
});

test('what is no line of that kind is left out', () => {
  assert.equal(parseCgroupPaths('').size, 0);
  assert.equal(parseCgroupPaths('x:memory:/m\n0:memory\n0::relative\n::/u\n\0\n').size, 0);
});
