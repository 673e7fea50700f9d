// All attacks, in the order in which they run.
import { broker } from './attacks/broker.mjs';
import { connections } from './attacks/connections.mjs';
import { floods } from './attacks/floods.mjs';
import { patterns } from './attacks/patterns.mjs';
import { payloads } from './attacks/payloads.mjs';

/** @type {readonly import('./scene.mjs').Attack[]} */
export const attacks = [...patterns, ...broker, ...connections, ...floods, ...payloads];
