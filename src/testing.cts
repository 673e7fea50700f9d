// The entry point of CommonJS programs: `require('signalbox/testing')` returns the ES module, so that there is one copy.
import './message/requirements.cjs';
/** @ts-ignore -- TypeScript's `module: node16` does not know that Node 20.19 can require ES modules. */
import signalbox = require('./testing.js');
export = signalbox;
