// The entry point of CommonJS programs: `require('signalbox/client')` returns the ES module, so that there is one copy.
/** @ts-ignore -- TypeScript's `module: node16` does not know that Node 20.19 can require ES modules. */
import signalbox = require('./client.js');
export = signalbox;
