// Runs `npm ci` when the installed packages differ from the lockfile.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly } from './child.mjs';
import { Failure } from './failure.mjs';

const networkErrors =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH/;
const linesShown = 8;

/** @param {string} root */
export async function install(root) {
  if (isInstalled(root)) return;
  console.log('Installing dependencies with npm ci.');
  const { code, output } = await npm(root, [
    'ci',
    '--include=dev',
    '--no-audit',
    '--no-fund',
    // `npm start --silent` would hide why the installation fails.
    '--loglevel=error',
  ]).catch((error) => {
    throw new Failure(`npm cannot be run (${error.code}).`);
  });
  if (code === 0) return;
  if (code > 128) throw new Failure('Installing was interrupted.', code);
  const reason = networkErrors.test(output)
    ? 'the package registry cannot be reached'
    : 'npm ci failed';
  const last = output.trim().split('\n').slice(-linesShown);
  throw new Failure(
    [`Dependencies are not installed: ${reason}. Its last lines:`, ...last].join('\n  '),
    code,
  );
}

/**
 * Compares the lockfile with npm's record of installed packages. Dependencies from an earlier `npm install` count, and dependencies
 * for another platform do not.
 * @param {string} root
 */
function isInstalled(root) {
  const installed = recordOf(root);
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(([path, wanted]) => {
    if (path === '') return true;
    const found = installed[path];
    if (found === undefined) return !isNeeded(wanted);
    return (
      found.version === wanted.version &&
      found.integrity === wanted.integrity &&
      existsSync(join(root, path, 'package.json'))
    );
  });
}

/** The packages in npm's record; empty when the record is missing or incomplete. */
function recordOf(root) {
  try {
    return packagesOf(join(root, 'node_modules', '.package-lock.json'));
  } catch {
    return {};
  }
}

/** Optional packages are needed when they name this platform and no further condition, such as a C library. */
function isNeeded({ optional, os, cpu, libc }) {
  if (!optional) return true;
  return (
    os?.includes(process.platform) === true &&
    cpu?.includes(process.arch) === true &&
    libc === undefined
  );
}

/** @param {string} lockfile */
function packagesOf(lockfile) {
  return JSON.parse(readFileSync(lockfile, 'utf8')).packages;
}

/** Runs the npm that started this process, otherwise the npm of the path, which needs a shell on Windows. */
function npm(root, args) {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith('npm-cli.js')) return runQuietly(root, process.execPath, [cli, ...args]);
  return runQuietly(root, 'npm', args, { shell: process.platform === 'win32' });
}
