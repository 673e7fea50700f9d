// The rules of the architecture. Each names the files that break it.
import { posix } from 'node:path';
import type { Source } from './source.js';

/** Returns a sentence for each violation. */
export type Rule = (sources: readonly Source[]) => string[];

/** The folders from left to right. Folders in one row do not import each other. */
const order: readonly (readonly string[])[] = [
  ['message'],
  ['pattern'],
  ['payload'],
  ['wire', 'transport'],
  ['session'],
  ['broker', 'security'],
  ['dispatch'],
  ['controller'],
  ['container'],
  ['server'],
  ['testing', 'cli'],
];

/** Packages and modules, each with the only places that may import it. */
const guarded: readonly {
  readonly module: RegExp;
  readonly places: readonly string[];
  readonly typesAnywhere?: true;
}[] = [
  { module: /^ws$/, places: ['transport/'] },
  { module: /^(?:inversify|@inversifyjs\/.*)$/, places: ['container/'] },
  { module: /^re2js$/, places: ['pattern/'] },
  { module: /^(?:class-validator|class-transformer)$/, places: ['payload/'] },
  // A type import opens no socket.
  {
    module: /^node:(?:net|tls)$/,
    // `message/ip-address` and `transport/forwarded` only spell and compare addresses.
    places: [
      'broker/relay/',
      'transport/tcp',
      'transport/tls',
      'transport/forwarded',
      'message/ip-address',
    ],
    typesAnywhere: true,
  },
  { module: /^node:timers/, places: ['message/clock.ts'] },
  { module: /^classic-level$/, places: ['broker/embedded/store/'] },
  { module: /^vitest$/, places: ['testing/vitest.ts'] },
];

/** Calls that read the system time or random values, the file for them, and other files that may contain them. */
const hidden: readonly {
  readonly call: RegExp;
  readonly place: string;
  readonly also?: string;
}[] = [
  {
    // A socket has a method of this name.
    call: /(?<!socket\.)\b(?:setTimeout|setInterval|setImmediate)\b/,
    place: 'message/clock.ts',
    also: 'testing/real-time.ts',
  },
  { call: /\b(?:Date|performance)\.now\b|\bnew Date\(\)/, place: 'message/clock.ts' },
  { call: /\brandomUUID\b/, place: 'message/ids.ts' },
];

const vagueNames = /^(?:utils?|helpers?|common|shared|types|misc|lib)$/;

function folderOf(path: string): string | undefined {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : undefined;
}

function rank(folder: string): number {
  return order.findIndex((row) => row.includes(folder));
}

/** The sources of `signalbox/client`, which run in browsers. */
function isClient(path: string | undefined): boolean {
  return path === 'client.ts' || path?.startsWith('client/') === true;
}

const direction: Rule = (sources) =>
  sources.flatMap(({ path, imports }) => {
    const folder = folderOf(path);
    if (folder === undefined || isClient(path)) return [];
    if (rank(folder) < 0) return [`${path}: the folder '${folder}' is not in the list of folders`];
    return imports.flatMap(({ file }) => {
      if (file === undefined) return [];
      const other = folderOf(file);
      const allowed =
        other === folder || (other !== undefined && rank(other) >= 0 && rank(other) < rank(folder));
      return allowed ? [] : [`${path} must not import ${file}`];
    });
  });

const separateClient: Rule = (sources) =>
  sources.flatMap(({ path, imports }) =>
    imports.flatMap(({ from, file }) =>
      isClient(path) === isClient(file) ? [] : [`${path} must not import ${file ?? from}`],
    ),
  );

/** Type imports may form circles, because a part may name the type of its owner: the inbox calls methods of its session. */
const noCircles: Rule = (sources) => {
  const importsOf = new Map(
    sources.map(({ path, imports }) => [
      path,
      imports.flatMap(({ file, typeOnly }) => (typeOnly ? [] : (file ?? []))),
    ]),
  );
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, chain: readonly string[]) => {
    const start = chain.indexOf(path);
    if (start >= 0)
      circles.push(`${[...chain.slice(start), path].join(' -> ')} is a circular import`);
    if (start >= 0 || done.has(path)) return;
    for (const file of importsOf.get(path) ?? []) visit(file, [...chain, path]);
    done.add(path);
  };
  for (const path of importsOf.keys()) visit(path, []);
  return circles;
};

const guardedModules: Rule = (sources) =>
  sources.flatMap(({ path, imports }) =>
    imports.flatMap(({ from, typeOnly }) => {
      const guard = guarded.find(({ module }) => module.test(from));
      if (guard === undefined || guard.places.some((place) => path.startsWith(place))) return [];
      return typeOnly && guard.typesAnywhere ? [] : [`${path} must not import '${from}'`];
    }),
  );

const hiddenCalls: Rule = (sources) =>
  sources.flatMap(({ path, code }) =>
    hidden.flatMap(({ call, place, also }) => {
      // Clients have no clock that a test could move.
      const allowed = path === place || path === also || isClient(path);
      const found = allowed ? null : call.exec(code);
      return found === null ? [] : [`${path} must leave '${found[0]}' to ${place}`];
    }),
  );

const names: Rule = (sources) =>
  sources.flatMap(({ path }) => {
    const parts = path.replace(/\.ts$/, '').split('/');
    const vague = parts.find((part) => vagueNames.test(part));
    if (vague !== undefined) return [`${path}: '${vague}' does not describe its contents`];
    if (posix.basename(path) === 'index.ts' && path !== 'index.ts')
      return [`${path}: an import names the file itself`];
    return parts.every((part) => /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(part))
      ? []
      : [`${path} is not kebab-case`];
  });

const opening: Rule = (sources) =>
  sources.flatMap(({ path, text }) => {
    const [first = '', second = ''] = text.split('\n');
    const opens = /^\/\/ \S.*\.$/.test(first) && !second.startsWith('//');
    return opens ? [] : [`${path} does not begin with one line that describes its contents`];
  });

/** By their names in failures. */
export const rules: Readonly<Record<string, Rule>> = {
  'a folder imports only folders to its left': direction,
  'the client imports nothing else, and nothing imports the client': separateClient,
  'no file imports itself through others': noCircles,
  'each package is imported only at its place': guardedModules,
  'time and random values come from the clock and the ids': hiddenCalls,
  'names describe their contents': names,
  'a file begins with one line that describes its contents': opening,
};
