// Builds the package and the examples with tsc, if a file was changed, added or removed since the last build.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { extname, join } from 'node:path';
import { runInForeground } from './child.mjs';
import { Failure } from './failure.mjs';

const settings = ['package.json', 'package-lock.json', 'tsconfig.json'];

/**
 * The package: `src/` to `dist/`.
 * @param {string} root
 */
export async function buildPackage(root) {
  await build(root, {
    what: 'signalbox',
    project: 'tsconfig.build.json',
    inputs: [...settings, 'src'],
    output: 'dist',
  });
}

/**
 * The examples, which import the built package: `examples/` to `dist-examples/`, with their pages.
 * @param {string} root
 */
export async function buildExamples(root) {
  const built = await build(root, {
    what: 'the examples',
    project: 'tsconfig.examples.json',
    inputs: [...settings, 'src', 'examples'],
    output: 'dist-examples',
  });
  if (built) {
    cpSync(join(root, 'examples'), join(root, 'dist-examples'), {
      recursive: true,
      filter: (path) => extname(path) !== '.ts',
    });
  }
}

/**
 * @param {string} root
 * @param {{ what: string, project: string, inputs: string[], output: string }} target
 * @returns {Promise<boolean>} true when it was out of date
 */
async function build(root, { what, project, inputs, output }) {
  const stamp = join(root, '.stamp', `${output}.json`);
  const state = JSON.stringify(
    [...inputs, project].flatMap((path) => stateOf(root, path)),
    undefined,
    1,
  );
  if (existsSync(join(root, output)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === state)
    return false;
  console.log(`Building ${what}.`);
  rmSync(stamp, { force: true });
  rmSync(join(root, output), { recursive: true, force: true });
  const code = await runInForeground(root, ['node_modules/typescript/bin/tsc', '-p', project]);
  if (code > 128) throw new Failure(`Building ${what} was interrupted.`, code);
  if (code !== 0) throw new Failure(`Building ${what} failed; see the errors above.`, code);
  mkdirSync(join(root, '.stamp'), { recursive: true });
  writeFileSync(stamp, state);
  return true;
}

/** Every file with its size and time. A removed file and an older version of a file also count as changes. */
function stateOf(root, path) {
  const at = join(root, path);
  const found = statSync(at);
  if (found.isDirectory())
    return readdirSync(at).flatMap((name) => stateOf(root, `${path}/${name}`));
  return [`${path} ${found.size} ${found.mtimeMs}`];
}
