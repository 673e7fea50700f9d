// Starts, asks, measures and ends the child processes of a benchmark.
import { fork } from 'node:child_process';

/** @typedef {import('node:child_process').ChildProcess} Child */

/** Time that a child has to answer, in milliseconds. */
const answerTimeout = 60_000;

/** @type {Set<Child>} */
const children = new Set();

/**
 * @param {URL} file
 * @param {readonly string[]} args
 */
export function start(file, args) {
  const child = fork(file, args);
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/**
 * @param {Child} child
 * @param {object} question
 */
export function ask(child, question) {
  const answered = answer(child);
  child.send(question);
  return answered;
}

/**
 * Returns the next message of a child. Rejects if the child ends, reports an error or sends no message before the timeout.
 *
 * @param {Child} child
 * @returns {Promise<any>}
 */
export function answer(child) {
  const name = child.spawnargs.slice(-2).join(' ');
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => settle({ error: `no answer within ${answerTimeout / 1000} s` }),
      answerTimeout,
    );
    const ended = () => settle({ error: 'ended early' });
    const settle = (/** @type {{ error?: string }} */ message) => {
      clearTimeout(timer);
      child.off('message', settle).off('exit', ended);
      if (message.error === undefined) resolve(message);
      else reject(new Error(`${name}: ${message.error}`));
    };
    child.on('message', settle).on('exit', ended);
  });
}

/**
 * @param {Child} child
 * @returns {Promise<void>}
 */
export function end(child) {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill();
  });
}

/**
 * Repeats a step until the server has used enough CPU time. One step before that is not counted: after seconds without work,
 * caches and heap must warm up.
 *
 * @param {Child} server answers `{ kind: 'cpu' }` with its CPU time in microseconds, user and system
 * @param {number} enough microseconds
 * @param {number} events number of events in one step, such as deliveries
 * @param {() => Promise<unknown>} step
 * @returns {Promise<number>} events per second of CPU time of the server
 */
export async function eventsPerCpuSecond(server, enough, events, step) {
  await step();
  let counted = 0;
  let microseconds = 0;
  while (microseconds < enough) {
    const before = await ask(server, { kind: 'cpu' });
    await step();
    const after = await ask(server, { kind: 'cpu' });
    microseconds += after.cpu - before.cpu;
    counted += events;
  }
  return (counted / microseconds) * 1e6;
}

/** Ends all children that are still running. */
export function endAll() {
  for (const child of children) child.kill();
}

/**
 * Runs a benchmark to its end, prints its error and ends all children.
 *
 * @param {() => Promise<void>} work
 */
export async function benchmark(work) {
  try {
    await work();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  } finally {
    endAll();
  }
}
