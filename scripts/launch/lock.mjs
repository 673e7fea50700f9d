// One at a time: a lock file, so that two commands started at once do not install or build over each other.
import {
  linkSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  utimes,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const lookEvery = 100;
const touchEvery = 1_000;
/** An owner that did not touch its lock for so long is gone, even if its process id is another's by now. */
const staleAfter = 15_000;

/**
 * @param {string} root
 * @param {() => Promise<void>} work
 */
export async function whileLocked(root, work) {
  const folder = join(root, '.stamp');
  mkdirSync(folder, { recursive: true });
  const lock = join(folder, 'lock');
  await take(lock);
  const touching = setInterval(() => utimes(lock, new Date(), new Date(), () => {}), touchEvery);
  try {
    await work();
  } finally {
    clearInterval(touching);
    rmSync(lock, { force: true });
  }
}

/** @param {string} lock */
async function take(lock) {
  for (let isReported = false; !tryToTake(lock); await sleep(lookEvery)) {
    if (removeIfStale(lock) || isReported) continue;
    console.log(
      `Waiting for another command that installs or builds (its lock is ${relative('.', lock)}).`,
    );
    isReported = true;
  }
}

/** @param {string} lock */
function tryToTake(lock) {
  // Written to another file and linked, so that no process reads a lock without its owner.
  const own = `${lock}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, lock);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(own);
  }
}

/** @param {string} lock */
function removeIfStale(lock) {
  // Of two that find the same dead owner, the slower must not remove the lock that the quicker took since.
  const guard = `${lock}.guard`;
  try {
    mkdirSync(guard);
  } catch {
    return false;
  }
  try {
    if (!isStale(lock)) return false;
    rmSync(lock);
    return true;
  } finally {
    rmdirSync(guard);
  }
}

/** @param {string} lock */
function isStale(lock) {
  try {
    const owner = Number(readFileSync(lock, 'utf8'));
    return !isAlive(owner) || Date.now() - statSync(lock).mtimeMs > staleAfter;
  } catch {
    return false; // Its owner has just removed it.
  }
}

/** @param {number} owner its process id */
function isAlive(owner) {
  try {
    process.kill(owner, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
