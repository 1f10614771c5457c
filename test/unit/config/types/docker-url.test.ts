import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dockerUrl } from '../../../../src/config/types/address.ts';
import { refusals } from '../refusals.ts';

const good = [
  'unix:///var/run/docker.sock',
  'tcp://10.0.0.1:2376',
  'http://engine:2375',
  'https://engine:2376',
  'ssh://me@host',
  'ssh://me@host:22/run/docker.sock',
  'npipe:////./pipe/docker_engine',
  'tcp://[::1]:2375',
];

for (const url of good) {
  test(`runtime ${url}`, () => {
    assert.equal(dockerUrl().parse(url), url);
  });
}

const bad: readonly (readonly [unknown, RegExp])[] = [
  ['/var/run/docker.sock', /did you mean unix:\/\/\/var\/run\/docker\.sock\?/],
  ['engine:2375', /did you mean tcp:\/\/engine:2375\?/],
  ['unix://', /expected unix:\/\/PATH/],
  ['tcp://', /expected unix:\/\/PATH/],
  ['tcp://host:port', /expected unix:\/\/PATH/],
  ['ftp://host', /expected unix:\/\/PATH/],
  ['tcp://user:secret@:1', /^expected unix:\/\/PATH/],
  [5, /expected unix:\/\/PATH/],
];

for (const [raw, message] of bad) {
  test(`runtime ${JSON.stringify(raw)} is refused`, () => {
    assert.match(refusals(dockerUrl(), raw), message);
  });
}
