// The commands of other package managers for those of npm on a page.
import { manifest, peersOf } from './manifest.js';

/** For each manager: the beginnings of commands of npm, and their replacements. */
const commands: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  npm: {},
  pnpm: {
    'npm install --save-dev': 'pnpm add --save-dev',
    'npm install': 'pnpm add',
    'npm test': 'pnpm test',
    npx: 'pnpm exec',
  },
  yarn: {
    'npm install --save-dev': 'yarn add --dev',
    // Yarn installs no peers, so its users add them.
    'npm install': `yarn add ${peersOf(manifest).join(' ')}`,
    'npm test': 'yarn test',
    npx: 'yarn run',
  },
  bun: {
    'npm install --save-dev': 'bun add --dev',
    'npm install': 'bun add',
    'npm test': 'bun run test',
    npx: 'bunx',
  },
};

/**
 * The command of a package manager.
 *
 * @param manager `npm`, `pnpm`, `yarn`, `yarn-classic` or `bun`
 * @param packed the tarball to install instead of the published package
 */
export function commandOf(manager: string, line: string, packed: string): string {
  const replaced = commands[manager.replace('-classic', '')]!;
  const start = Object.keys(replaced).find((each) => line.startsWith(`${each} `) || line === each);
  const command = start === undefined ? line : replaced[start] + line.slice(start.length);
  return command.replace(' signalbox ', ` signalbox@file:${packed} `);
}

/** Files that a manager needs in an empty folder, so that it does not look for a project in the folders above. */
export function filesOf(manager: string): Readonly<Record<string, string>> {
  return manager === 'yarn'
    ? { 'yarn.lock': '', '.yarnrc.yml': 'nodeLinker: node-modules\nenableTelemetry: false\n' }
    : {};
}
