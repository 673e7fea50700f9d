// Runs other programs: in the foreground, with the terminal and all signals, or with captured output.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** @type {NodeJS.Signals[]} */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const parentLookedAtEvery = 250;

/**
 * Runs Node with the terminal of this process.
 * @param {string} cwd
 * @param {string[]} args
 * @returns {Promise<number>} its exit code
 */
export async function runInForeground(cwd, args) {
  const child = spawn(process.execPath, args, { cwd, stdio: 'inherit' });
  return ended(child);
}

/**
 * Runs a program and returns its output.
 * @param {string} cwd
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<{ code: number, output: string }>}
 */
export async function runQuietly(cwd, command, args, options = {}) {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let output = '';
  const listen = (chunk) => void (output += chunk);
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  const code = await ended(child);
  return { code, output };
}

/** @param {import('node:child_process').ChildProcess} child */
async function ended(child) {
  const handOn = (signal) => void child.kill(signal);
  for (const signal of signals) process.on(signal, handOn);
  const watching = whenOrphaned(() => handOn('SIGTERM'));
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      // Shells use this exit code for a program that a signal ended.
      child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
    });
  } finally {
    clearInterval(watching);
    for (const signal of signals) process.off(signal, handOn);
  }
}

/** Calls `action` when the parent process has ended. A signal to npm ends only the shell between npm and this process. */
function whenOrphaned(action) {
  if (process.env.npm_lifecycle_event === undefined) return undefined;
  const parent = process.ppid;
  return setInterval(() => {
    if (process.ppid !== parent) action();
  }, parentLookedAtEvery);
}
