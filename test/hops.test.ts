// The path of one message from SEND to MESSAGE: its changes of file are limited, and docs/architecture.md shows it.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  countChanges,
  describePath,
  phasesOf,
  repeatedFiles,
  traceMessages,
  type Trace,
} from './architecture/hops.js';
import { instrument, reporter } from './architecture/instrument.js';

/** Maximum number of changes of file; it was 137 before the restructuring. May only shrink. */
const budget = 80;

const page = fileURLToPath(new URL('../docs/architecture.md', import.meta.url));
const command = 'npx vitest run test/hops.test.ts -u';

describe('the path of one message', () => {
  let trace: Trace;
  let traceOfNextServer: Trace;

  beforeAll(async () => {
    [trace, traceOfNextServer] = (await traceMessages(2)) as [Trace, Trace];
  });

  it('is the same in each server', () => {
    expect(traceOfNextServer).toEqual(trace);
  });

  it('has all phases', () => {
    expect(phasesOf(trace).filter(({ entries }) => entries.length === 0)).toEqual([]);
  });

  it(`changes the file at most ${budget} times`, () => {
    const changes = countChanges(trace);
    if (changes > budget) {
      const visits = repeatedFiles(trace).join('\n');
      throw new Error(`The file changes ${changes} times. Visits of the same files:\n${visits}`);
    }
  });

  it('is shown in docs/architecture.md', async () => {
    const text = readFileSync(page, 'utf8');
    const block = /(?<=<!-- traced path: begin -->\n)[^]*(?=<!-- traced path: end -->)/;
    expect(text).toMatch(block);

    const current = text.replace(block, () => `\n${describePath(trace)}\n\n`);

    const hint = `The path has changed: run \`${command}\` to rewrite docs/architecture.md`;
    // oxlint-disable-next-line vitest/valid-expect -- Vitest shows the second argument when the test fails.
    await expect(current, hint).toMatchFileSnapshot(page);
  });
});

describe('an instrumented module', () => {
  afterEach(() => {
    Reflect.deleteProperty(globalThis, reporter);
  });

  it.each([
    ['function', 'function run() { return 1; } run();', ['run']],
    ['async function', 'async function run() {} await run();', ['run']],
    ['generator', 'function* run() {} [...run()];', ['run']],
    ['async generator', 'async function* run() {} await run().next();', ['run']],
    ['function expression', 'const run = function () {}; run();', ['run']],
    ['arrow function with a body', 'const run = () => {}; run();', ['run']],
    ['arrow function with an expression', 'const run = (a = 1) => a; run();', ['run']],
    ['arrow function with an object', 'const run = () => ({}); run().a;', ['run']],
    ['async arrow function', 'const run = async (a) => await a; await run(1);', ['run']],
    [
      'arrow function that returns one',
      'const run = () => () => 1; run()();',
      ['run', 'callback in run'],
    ],
    ['callback', 'function run() { [1].map((a) => a); } run();', ['run', 'callback in run']],
    ['method of an object', 'const a = { run() {} }; a.run();', ['run']],
    ['function in a property', 'const a = { run: () => 1 }; a.run();', ['run']],
    ['function assigned to a property', 'const a = {}; a.run = () => 1; a.run();', ['run']],
    ['method', 'class A { run() {} } new A().run();', ['run']],
    [
      'private method',
      'class A { #run() {} run() { this.#run(); } } new A().run();',
      ['run', '#run'],
    ],
    ['static method', 'class A { static run() {} } A.run();', ['run']],
    [
      'getter and setter',
      'class A { get a() { return 1; } set a(v) {} } new A().a += 1;',
      ['get a', 'set a'],
    ],
    ['field', 'class A { run = () => 1; } new A().run();', ['run']],
    ['constructor', 'class A { constructor() {} } new A();', ['new A']],
    [
      'constructor of a subclass',
      'class A {} class B extends A { constructor() { super(); } } new B();',
      ['new B'],
    ],
    ['class without a name', 'const A = class { constructor() {} }; new A();', ['new A']],
  ])('reports a call: %s', async (_, code, names) => {
    const entered: string[] = [];
    Reflect.set(globalThis, reporter, (file: string, name: string) => {
      entered.push(`${file} ${name}`);
    });

    await import(`data:text/javascript,${encodeURIComponent(instrument(code, 'a.ts'))}`);

    expect(entered).toEqual(names.map((name) => `a.ts ${name}`));
  });
});
