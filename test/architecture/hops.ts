// Traces the functions that one message enters, counts the changes of file, and describes the path for the documentation.
import { createServer, createServerModuleRunner } from 'vite';
import config from '../../vitest.config.js';
import { instrumentSources, reporter } from './instrument.js';

/** A function that was entered. */
export interface Entry {
  /** Path in `src/`. */
  readonly file: string;
  readonly name: string;
}

/** The entered functions, in order. */
export interface Trace {
  /** From the bytes of the SEND to the method of the controller. */
  readonly inbound: readonly Entry[];
  /** From the returned value to the bytes of the MESSAGE. */
  readonly outbound: readonly Entry[];
}

/** Functions of one file that were entered without a change of file. */
interface Visit {
  readonly file: string;
  readonly names: readonly string[];
}

/** Traces one message in each of several new servers. The sources are loaded a second time, instrumented. */
export async function traceMessages(servers: number): Promise<Trace[]> {
  const vite = await createServer({
    configFile: false,
    appType: 'custom',
    logLevel: 'error',
    oxc: config.oxc!,
    resolve: config.resolve!,
    plugins: [instrumentSources()],
    server: { middlewareMode: true, watch: null, ws: false },
    optimizeDeps: { noDiscovery: true },
  });
  const runner = createServerModuleRunner(vite.environments.ssr);
  let current: Entry[] | undefined;
  Reflect.set(globalThis, reporter, (file: string, name: string) => current?.push({ file, name }));
  try {
    const scenario = await runner.import<typeof import('./one-message.js')>(
      '/test/architecture/one-message.ts',
    );
    const traces: Trace[] = [];
    for (let server = 0; server < servers; server += 1) {
      const inbound: Entry[] = [];
      const outbound: Entry[] = [];
      await scenario.sendOneMessage({
        onSend: () => (current = inbound),
        onHandle: () => (current = outbound),
        // The work that follows the write is not traced: its order depends on the operating system.
        onWrite: () => (current = undefined),
      });
      traces.push({ inbound, outbound });
    }
    return traces;
  } finally {
    Reflect.deleteProperty(globalThis, reporter);
    await runner.close();
    await vite.close();
  }
}

/**
 * Counts how often a function was entered in another file than the function entered before it. A return to the caller
 * is not counted.
 */
export function countChanges({ inbound, outbound }: Trace): number {
  return visitsOf([...inbound, ...outbound]).length - 1;
}

/** Returns one line for each file that was entered more than once, most visits first. */
export function repeatedFiles({ inbound, outbound }: Trace): string[] {
  const counts = new Map<string, number>();
  for (const { file } of visitsOf([...inbound, ...outbound])) {
    counts.set(file, (counts.get(file) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count > 1)
    .toSorted(([, a], [, b]) => b - a)
    .map(([file, count]) => `${count} ${file}`);
}

export interface Phase {
  readonly title: string;
  readonly entries: readonly Entry[];
}

/** Divides a trace at the first function of the folders that do the next part of the work. */
export function phasesOf({ inbound, outbound }: Trace): Phase[] {
  const dispatch = firstIn(inbound, /^(?:broker|security|dispatch|controller|container|server)\//);
  const publication = firstIn(outbound, /^broker\//);
  const delivery = firstIn(outbound, /^(?:wire|session)\//, publication);
  return [
    { title: 'In: bytes to frame', entries: inbound.slice(0, dispatch) },
    { title: 'In: frame to handler', entries: inbound.slice(dispatch) },
    { title: 'Out: returned value to publication', entries: outbound.slice(0, publication) },
    { title: 'Out: publication to delivery', entries: outbound.slice(publication, delivery) },
    { title: 'Out: delivery to frame to bytes', entries: outbound.slice(delivery) },
  ];
}

/** Describes the path as a block of Markdown: one line for each visit of a file. */
export function describePath(trace: Trace): string {
  const files = new Set([...trace.inbound, ...trace.outbound].map(({ file }) => file));
  const width = Math.max(...[...files].map((file) => file.length)) + 2;
  const blocks = phasesOf(trace).map(({ title, entries }) =>
    [title, ...visitsOf(entries).flatMap((visit) => describeVisit(visit, width))].join('\n'),
  );
  return [
    `${files.size} files, ${countChanges(trace)} changes of file:`,
    ['```text', blocks.join('\n\n'), '```'].join('\n'),
  ].join('\n\n');
}

function describeVisit({ file, names }: Visit, width: number): string[] {
  const lines: string[] = [];
  for (const name of new Set(names)) {
    const last = lines.at(-1);
    if (last !== undefined && width + last.length + name.length < 120) {
      lines[lines.length - 1] = `${last}, ${name}`;
    } else {
      if (last !== undefined) lines[lines.length - 1] = `${last},`;
      lines.push(name);
    }
  }
  const path = file.replace(/\.ts$/, '');
  return lines.map((line, index) => `  ${(index === 0 ? path : '').padEnd(width)}${line}`);
}

function visitsOf(entries: readonly Entry[]): Visit[] {
  const visits: { file: string; names: string[] }[] = [];
  for (const { file, name } of entries) {
    const last = visits.at(-1);
    if (last?.file === file) last.names.push(name);
    else visits.push({ file, names: [name] });
  }
  return visits;
}

function firstIn(entries: readonly Entry[], folders: RegExp, from = 0): number {
  const index = entries.findIndex(({ file }, at) => at >= from && folders.test(file));
  return index < 0 ? entries.length : index;
}
