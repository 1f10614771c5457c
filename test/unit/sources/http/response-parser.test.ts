import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HttpResponse } from '../../../../src/sources/http/response-parser.ts';

const json = '{"read":"2026-11-23T10:09:21Z","name":"/wéb 🐳"}';

interface FeedItem {
  readonly status: number;
  readonly text: string;
  readonly keepAlive: boolean;
}

/** Reads one response that comes in these parts; `closed` ends the connection after them. */
function read(
  parts: readonly (string | Buffer)[],
  closed = false,
  maxBodyBytes = 100_000,
): FeedItem | undefined {
  const response = new HttpResponse(maxBodyBytes);
  for (const part of parts) response.push(Buffer.from(part));
  if (closed) response.end();
  if (!response.isComplete) return undefined;
  return { status: response.status, text: response.text(), keepAlive: response.keepAlive };
}

function chunked(texts: readonly (string | Buffer)[], trailer = ''): Buffer {
  const chunks = texts.map((text) => {
    const bytes = Buffer.from(text);
    return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
  });
  const head = Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
  return Buffer.concat([head, ...chunks, Buffer.from(`0\r\n${trailer}\r\n`)]);
}

function withLength(text: string, headers = ''): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n${headers}\r\n`),
    bytes,
  ]);
}

/** The same bytes in two parts, cut everywhere. */
function* cuts(bytes: Buffer): Generator<[Buffer, Buffer]> {
  for (let at = 1; at < bytes.length; at += 1) yield [bytes.subarray(0, at), bytes.subarray(at)];
}

const whole = { status: 200, text: json, keepAlive: true };

test('by length and in chunks, cut at every byte', () => {
  for (const bytes of [withLength(json), chunked([json]), chunked([json.slice(0, 7), json.slice(7)])]) {
    for (const parts of cuts(bytes)) {
      assert.equal(read([parts[0]]), undefined);
      assert.deepEqual(read(parts), whole);
    }
  }
});

test('any bytes in any chunks, in any parts of the connection', () => {
  const bytes = fc.uint8Array({ maxLength: 40 });
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });
  fc.assert(
    fc.property(fc.array(bytes.filter(({ length }) => length > 0)), sizes, (bodies, lengths) => {
      const sent = chunked(bodies.map((body) => Buffer.from(body)));
      const parts: Buffer[] = [];
      for (let at = 0, turn = 0; at < sent.length; turn += 1) {
        const length = lengths[turn % lengths.length] ?? 1;
        parts.push(sent.subarray(at, at + length));
        at += length;
      }
      assert.equal(read(parts)?.text, Buffer.concat(bodies).toString());
    }),
  );
});

test('chunk extensions, upper case digits and trailers are read over', () => {
  const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding:chunked\r\n\r\n';
  assert.equal(
    read([`${head}A;name=value\r\n0123456789\r\n0\r\nX-Sum: 1\r\nY: 2\r\n\r\n`])?.text,
    '0123456789',
  );
  assert.equal(read([chunked(['x'], 'Trailer: 1\r\n')])?.keepAlive, true);
});

test('without a length, until the connection closes', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n';
  assert.equal(read([head, json]), undefined);
  assert.deepEqual(read([head, json], true), { status: 200, text: json, keepAlive: false });
  assert.deepEqual(read([head], true), { status: 200, text: '', keepAlive: false });
});

test('answers without a body', () => {
  assert.deepEqual(read(['HTTP/1.1 204 No Content\r\n\r\n']), { status: 204, text: '', keepAlive: true });
  assert.deepEqual(read([withLength('')]), { status: 200, text: '', keepAlive: true });
  assert.equal(read([chunked([])])?.text, '');
});

test('the connection is kept unless the server says otherwise', () => {
  const kept = (text: string) => read([text])?.keepAlive;
  assert.equal(kept('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'), false);
  assert.equal(kept('HTTP/1.1 200 OK\r\nconnection:Close\r\nContent-Length: 0\r\n\r\n'), false);
  assert.equal(kept('HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'), false);
  assert.equal(kept('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'), true);
  // All later bytes would be taken for the next response.
  assert.equal(kept('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc'), false);
});

test('an answer that breaks off is no answer', () => {
  const broken = [
    [],
    ['HTTP/1.1 200 OK\r\n'],
    [withLength(json).subarray(0, -1)],
    [chunked([json]).subarray(0, -1)],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ];
  for (const parts of broken) {
    assert.throws(() => read(parts, true), { code: 'bad-response', message: /broke off in the middle/ });
  }
});

test('what is not HTTP is named with its beginning', () => {
  const badResponse = { name: 'SourceError', code: 'bad-response' };
  const smtp = '220 mail.example ESMTP\r\n\r\n';
  assert.throws(() => read([smtp]), {
    ...badResponse,
    message: `not HTTP: begins with ${JSON.stringify(smtp.trim())}`,
  });
  assert.throws(() => read(['<html>\r\n\r\n']), badResponse);
  assert.throws(() => read(['HTTP/2 200\r\n\r\n']), badResponse);
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  assert.throws(() => read([`${head}zz\r\n`]), { ...badResponse, message: /chunk without a size/ });
  assert.throws(() => read([`${head}-5\r\n`]), badResponse);
});

test('nothing is collected without end: no head, no line, no body, no number of chunks', () => {
  const badResponse = { code: 'bad-response' };
  const tooLarge = { code: 'too-large' };
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  const filler = 'x'.repeat(1000);
  assert.throws(() => read(Array.from({ length: 70 }, () => filler)), badResponse);
  assert.throws(() => read([head, ...Array.from({ length: 10 }, () => '0'.repeat(1000))]), badResponse);
  assert.throws(() => read([head, '0\r\n', ...Array.from({ length: 10 }, () => filler)]), badResponse);
  assert.throws(() => read(['HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n'], false, 100), tooLarge);
  assert.throws(() => read(['HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n']), tooLarge);
  assert.throws(() => read([head, 'fffffffffffffffffffff\r\n']), tooLarge);
  assert.throws(() => read([head, '64\r\n', 'x'.repeat(100), '\r\n1\r\n'], false, 100), tooLarge);
  assert.throws(() => read(['HTTP/1.1 200 OK\r\n\r\n', 'x'.repeat(101)], false, 100), tooLarge);
  const crumbs = '1\r\nx\r\n'.repeat(300_000);
  assert.throws(() => read([head, crumbs], false, 1_000_000), tooLarge);
  assert.equal(read([head, `64\r\n${'x'.repeat(100)}\r\n0\r\n\r\n`], false, 100)?.text.length, 100);
});

test('it says whether anything has come', () => {
  const response = new HttpResponse(10);
  assert.equal(response.hasBegun, false);
  response.push(Buffer.from('H'));
  assert.equal(response.hasBegun, true);
});
