// The processes of a benchmark: started, asked, answering in time, and ended.
import { fork } from 'node:child_process';

/** @typedef {import('node:child_process').ChildProcess} Child */

const patience = 60_000;

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
 * The next message of a child; it is an error to end, to report one, or to say nothing for too long.
 *
 * @param {Child} child
 * @returns {Promise<any>}
 */
export function answer(child) {
  const who = child.spawnargs.slice(-2).join(' ');
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => settle({ error: `no answer within ${patience / 1000} s` }),
      patience,
    );
    const ended = () => settle({ error: 'ended early' });
    const settle = (/** @type {{ error?: string }} */ message) => {
      clearTimeout(timer);
      child.off('message', settle).off('exit', ended);
      if (message.error === undefined) resolve(message);
      else reject(new Error(`${who}: ${message.error}`));
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

/** Ends whatever still runs. */
export function endAll() {
  for (const child of children) child.kill();
}

/**
 * Runs a benchmark to its end; what fails is said in a sentence.
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
