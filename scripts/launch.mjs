// `npm start [-- name]`, `npm test [-- path]` and `npm run test:all [-- path]`: each first installs and builds outdated parts.
import { readFileSync } from 'node:fs';
import { supports } from './launch/node-version.mjs';

const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
if (supports(engines.node, process.versions.node)) {
  // Imported here, because an old Node cannot parse these files and must still print the error below.
  const { run } = await import('./launch/command.mjs');
  process.exitCode = await run(process.argv.slice(2));
} else {
  console.error(`signalbox needs Node ${engines.node}; this is Node ${process.versions.node}.`);
  process.exitCode = 1;
}
