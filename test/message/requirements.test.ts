// The supported versions of Node: the check at import and the engines of package.json agree.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
// @ts-expect-error -- a script without declarations
import { supports } from '../../scripts/launch/node-version.mjs';

const compiled = fileURLToPath(new URL('../../dist/message/requirements.cjs', import.meta.url));
const packageJson = new URL('../../package.json', import.meta.url);
const { engines } = JSON.parse(readFileSync(packageJson, 'utf8')) as { engines: { node: string } };

const older = ['18.20.4', '20.18.3', '21.7.3', '22.11.0', '23.11.0'];
const supported = ['20.19.0', '20.20.2', '22.12.0', '22.23.3', '24.0.0', '25.1.0', '100.1.2'];

/** Imports the check in a process that pretends to be each of the versions. @returns the accepted versions */
function accepted(versions: readonly string[]): string[] {
  const file = JSON.stringify(compiled);
  const program = `
    for (const node of ${JSON.stringify(versions)}) {
      Object.defineProperty(process, 'versions', { value: { node }, configurable: true });
      delete require.cache[${file}];
      try { require(${file}); console.log(node); } catch {}
    }`;
  const { stdout } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line !== '');
}

it('accepts the versions of engines and no others', () => {
  const versions = [...older, ...supported];
  expect(accepted(versions)).toEqual(supported);
  expect(versions.filter((version) => supports(engines.node, version))).toEqual(supported);
});
