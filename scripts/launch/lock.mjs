// A lock file, so that two commands never install or build at the same time.
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
/** A lock that was not touched for this time has no owner, even if another process has the id of the owner now. */
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
  for (let logged = false; !tryToTake(lock); await sleep(lookEvery)) {
    if (removeIfStale(lock) || logged) continue;
    console.log(
      `Waiting for another command that installs or builds (its lock is ${relative('.', lock)}).`,
    );
    logged = true;
  }
}

/** @param {string} lock */
function tryToTake(lock) {
  // Written to a second file and then linked, so that every lock contains its owner.
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
  // Two processes may find the same stale lock. The guard prevents that the second one removes the new lock of the first one.
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
    return false; // The owner has just removed the lock.
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
