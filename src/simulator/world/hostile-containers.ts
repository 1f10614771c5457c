import type { ContainerSpec } from './container-spec.ts';

/** What has broken expositions and exporters before; a real engine refuses some of it, others do not. */
const HOSTILE_TEXTS: Readonly<Record<string, string>> = {
  quotes: 'a"b\'c`d',
  newlines: 'first\nsecond\r\nthird\u2028fourth',
  backslashes: 'C:\\new\\table\\',
  nul: 'before\u0000after\u0007\u001b[31m',
  emoji: '🦭 family 👨‍👩‍👧 é',
  loneSurrogate: 'half \ud83d of a pair',
  braces: '{a="b",c!~"d"} 1 # EOF',
  markup: '<script>alert(1)</script>&amp;',
  empty: '',
  huge: 'x'.repeat(65_536),
};

/** Containers with hostile names and labels, and two that differ in nothing but id and name. */
export function hostileContainers(): ContainerSpec[] {
  const named = Object.entries(HOSTILE_TEXTS)
    .filter(([kind]) => kind !== 'empty' && kind !== 'huge')
    .map(([kind, text]): ContainerSpec => ({
      name: `${kind} ${text}`,
      labels: { [text]: text, [`com.example.${kind}`]: text },
      env: [`${kind}=${text}`],
    }));
  const labelled: ContainerSpec = {
    name: 'hostile-labels',
    labels: { ...HOSTILE_TEXTS, '': 'empty key', 'a.b': '1', a_b: '2' },
  };
  const twins = ['twin-a', 'twin-b'].map((name): ContainerSpec => ({
    name,
    labels: { 'com.example.twin': 'yes' },
  }));
  return [...named, labelled, ...twins];
}
