// `npm start [-- name]`, `npm test [-- path]` and `npm run test:all [-- path]`: each first installs and builds everything that is out of date.
import { readFileSync } from 'node:fs';
import { supports } from './launch/node-version.mjs';

const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
if (supports(engines.node, process.versions.node)) {
  // Imported late, so that a Node that is too old for these files prints the sentence below.
  const { run } = await import('./launch/command.mjs');
  process.exitCode = await run(process.argv.slice(2));
} else {
  console.error(`signalbox needs Node ${engines.node}; this is Node ${process.versions.node}.`);
  process.exitCode = 1;
}
