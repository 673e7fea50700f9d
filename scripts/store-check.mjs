// `npm run store:check -- path [--json]`: verifies the folder of a store, and lists the messages that can be saved. It changes nothing.
import { existsSync } from 'node:fs';
import { readStore } from '../dist/broker/embedded/store/store-reader.js';

const args = process.argv.slice(2);
const paths = args.filter((arg) => !arg.startsWith('--'));
const [path] = paths;

if (path === undefined || paths.length > 1) {
  console.error('Pass the folder of the store: npm run store:check -- ./messages [--json]');
  process.exitCode = 2;
} else if (!existsSync(path)) {
  console.error(`The folder '${path}' does not exist.`);
  process.exitCode = 2;
} else {
  const contents = await readStore(path);
  if (args.includes('--json')) printJson(contents);
  else printReport(path, contents);
  process.exitCode = contents.damages.length > 0 ? 1 : 0;
}

/**
 * One line of JSON for each message, with its body in base64. The damages go to the error output.
 * @param {import('../dist/broker/embedded/store/store-reader.js').StoreContents} contents
 */
function printJson({ damages, messages }) {
  for (const damage of damages) console.error(damage);
  for (const { sequence, id, message } of messages) {
    const { destination, headers, body } = message;
    const text = Buffer.from(body).toString('base64');
    console.log(JSON.stringify({ sequence, id, destination, headers: [...headers], body: text }));
  }
}

/**
 * @param {string} path
 * @param {import('../dist/broker/embedded/store/store-reader.js').StoreContents} contents
 */
function printReport(path, { damages, manifest, messages }) {
  if (damages.length === 0) {
    console.log(`The store '${path}' is ${manifest === undefined ? 'new' : 'complete'}.`);
  } else {
    console.log(`The store '${path}' is damaged, or a running server writes to it:`);
    for (const damage of damages) console.log(`- ${damage}.`);
  }
  const count = messages.length === 1 ? '1 message' : `${messages.length} messages`;
  console.log(`${count} can be read${messages.length > 0 ? ':' : '.'}`);
  for (const { id, message } of messages) {
    const { destination, body } = message;
    console.log(`${JSON.stringify(destination)}  ${JSON.stringify(id)}  ${body.length} bytes`);
  }
}
