// The entry point of CommonJS programs: `require('signalbox/client')` returns the ES module, so that there is one copy.
// A docstring, because TypeScript removes other comments from declarations. Not `@ts-expect-error`, because `nodenext` reports no error.
/** @ts-ignore -- Node 20.19 can require ES modules, but TypeScript with `module: node16` reports TS1479. */
import signalbox = require('./client.js');
export = signalbox;
