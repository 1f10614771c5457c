import { readFile } from 'node:fs/promises';
import { createRequire, isBuiltin } from 'node:module';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

const repository = join(import.meta.dirname, '..');
const require = createRequire(import.meta.url);

/** zod loads its messages in forty languages; ours are written here, and in English. */
const oneLanguage: Plugin = {
  name: 'one-language',
  setup(bundler) {
    bundler.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
      resolveDir: join(repository, 'node_modules/zod/v4/locales'),
    }));
  },
};

/** Modules of Node that hardly a run needs: what needs one loads it by the first use. TLS alone takes 4 MiB. */
const lateBuiltins = /^(?:node:)?(?:https|http2|tls)$/;

/**
 * An import of one of Node's modules evaluates all of its exports: with those of http the whole of undici, with those of
 * crypto its second API. `require` evaluates only the properties that are read.
 */
const requiredBuiltins: Plugin = {
  name: 'required-builtins',
  setup(bundler) {
    // In the bundle such a module would keep all of its exports, for every file that imports some of them.
    bundler.onResolve({ filter: /./ }, ({ path, kind }) =>
      kind === 'dynamic-import' && isBuiltin(path) ? { path: withScheme(path), external: true } : undefined,
    );
    bundler.onResolve({ filter: lateBuiltins }, ({ path, namespace }) =>
      namespace === 'late' ? undefined : { path: withScheme(path), namespace: 'late' },
    );
    // To import it reads every property of it, which makes three streams.
    bundler.onResolve({ filter: /^node:process$/ }, ({ path }) => ({ path, namespace: 'global' }));
    bundler.onLoad({ filter: /./, namespace: 'global' }, () => ({
      contents: 'export default globalThis.process;',
    }));
    bundler.onResolve({ filter: /./ }, ({ path, kind }) =>
      !kind.startsWith('require') && isBuiltin(path)
        ? { path: withScheme(path), namespace: 'required' }
        : undefined,
    );
    bundler.onLoad({ filter: /./, namespace: 'required' }, ({ path }) => ({
      contents: [
        `const required = require(${JSON.stringify(path)});`,
        `export const { ${exportsOf(path).plain.join(', ')} } = required;`,
        // Only those that are used stay in the bundle.
        ...exportsOf(path).computed.map(
          (name) => `export const ${name} = /* @__PURE__ */ (() => required.${name})();`,
        ),
        'export default required;',
      ].join('\n'),
    }));
    bundler.onLoad({ filter: /./, namespace: 'late' }, ({ path }) => ({
      contents: [
        `for (const name of ${JSON.stringify(exportsOf(path).plain)})`,
        `  Object.defineProperty(exports, name, { enumerable: true, get: () => require(${JSON.stringify(path)})[name] });`,
      ].join('\n'),
    }));
  },
};

function withScheme(path: string): string {
  return path.startsWith('node:') ? path : `node:${path}`;
}

/** Names of exports that are values, and of those that a getter computes. */
function exportsOf(module: string): { plain: string[]; computed: string[] } {
  const all = Object.entries(Object.getOwnPropertyDescriptors(require(module) as object));
  const named = all.filter(
    // A getter that is not enumerable is deprecated, as fs.F_OK is: reading it prints a warning.
    ([name, exported]) =>
      /^[A-Za-z_]\w*$/.test(name) && name !== 'default' && ('value' in exported || exported.enumerable),
  );
  const { plain = [], computed = [] } = Object.groupBy(named, ([, exported]) =>
    'value' in exported ? 'plain' : 'computed',
  );
  return { plain: plain.map(([name]) => name), computed: computed.map(([name]) => name) };
}

/** Packages of fastify that it loads for schemas of bodies and for requests of tests: this server has neither. */
const unused = /^(?:@fastify\/ajv-compiler|@fastify\/fast-json-stringify-compiler|light-my-request)$/;

const withoutUnused: Plugin = {
  name: 'without-unused',
  setup(bundler) {
    bundler.onResolve({ filter: unused }, ({ path }) => ({ path, namespace: 'unused' }));
    bundler.onLoad({ filter: /./, namespace: 'unused' }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is not in the bundle`)});`,
    }));
  },
};

/** What a package does at every start for an output that few starts have. */
const replacements = [
  {
    // Some 15 ms, and the pages of ICU's tables.
    file: /[\\/]string-width[\\/]index\.js$/,
    text: 'new Intl.Segmenter()',
    by: '{ segment: (text) => new Intl.Segmenter().segment(text) }',
  },
  {
    // Some 25 ms: sets of thousands of sequences are made of it.
    file: /[\\/]string-width[\\/]index\.js$/,
    text: String.raw`/^\p{RGI_Emoji}$/v`,
    by: String.raw`(() => { let made; return { test: (text) => (made ??= /^\p{RGI_Emoji}$/v).test(text) }; })()`,
  },
  {
    // The help is laid out for each named command, whether it is shown or not.
    file: /[\\/]yargs[\\/]build[\\/]lib[\\/]command\.js$/,
    text: 'yargs.getInternalMethods().getUsageInstance().cacheHelpMessage();',
    by: '',
  },
];

const lateWork: Plugin = {
  name: 'late-work',
  setup(bundler) {
    const lost = new Set(replacements);
    bundler.onLoad({ filter: /[\\/](?:string-width|yargs)[\\/].*\.js$/ }, async ({ path }) => {
      let contents = await readFile(path, 'utf8');
      for (const each of replacements) {
        if (!each.file.test(path) || !contents.includes(each.text)) continue;
        contents = contents.replace(each.text, () => each.by);
        lost.delete(each);
      }
      return { contents };
    });
    bundler.onEnd(() => ({
      errors: [...lost].map(({ file, text }) => ({ text: `${file.source} no longer has: ${text}` })),
    }));
  },
};

/** esbuild leaves regular expressions as they are, and one character beyond ASCII doubles the program in memory. */
export function asciiOnly(code: string): string {
  return code.replaceAll(
    /[^\0-\x7f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** What makes the bundle smaller and its start shorter. */
export const plugins: Plugin[] = [oneLanguage, requiredBuiltins, withoutUnused, lateWork];
