// Runs one attack: a new server process, an attacker process, and two neighbors in this process.
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Neighbor, warmUpRounds } from './neighbor.mjs';

/** Milliseconds after which an attack that is not finished is stopped. */
const attackTimeout = 60_000;
/** Milliseconds for a server that blocks to answer, and for the sessions of the attacker to end. */
const serverTimeout = 60_000;
/**
 * MiB that the process may grow in addition to the memory that the attack may use: garbage between two collections, and pages that
 * V8 and malloc keep. The highest measured value was 85, on two cores with other work.
 */
const maxGarbage = 256;
/** The heap of the server, in MiB, as in a small container. */
const maxHeap = 768;

/** Sessions of two neighbors and of the new client. */
const ownSessions = 3;

/** @param {string} name */
const program = (name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * @typedef {object} Measurement sizes are MiB
 * @property {number} heap used after garbage collection, with buffers
 * @property {number} peakHeap
 * @property {number} rss
 * @property {number} peakRss
 * @property {number} cpu seconds since the start of the attack
 * @property {number} pause the longest turn of the event loop, in milliseconds
 * @property {number} sessions
 * @property {Record<string, number>} orders
 */

/**
 * @typedef {object} Outcome
 * @property {import('./scene.mjs').Attack} attack
 * @property {string | undefined} skipped why the attack did not run
 * @property {readonly string[]} violations
 * @property {boolean} finished false when the attack was stopped
 * @property {number} seconds
 * @property {Measurement | undefined} before
 * @property {Measurement | undefined} held when all steps are done and the attacker is still connected
 * @property {Measurement | undefined} after when the attacker is disconnected
 * @property {ReadonlyMap<string, number>} answers
 * @property {readonly Neighbor[]} neighbors
 */

/**
 * @param {import('./scene.mjs').Attack} attack
 * @param {{ folder: string, quick: boolean, planted: string }} options `folder` of the package; the `planted` fault, or none
 * @returns {Promise<Outcome>}
 */
export async function runAttack(attack, { folder, quick, planted }) {
  const server = await ServerProcess.start(folder, planted);
  const { target } = server;
  const outcome = {
    attack,
    skipped: /** @type {string | undefined} */ (undefined),
    violations: /** @type {string[]} */ ([]),
    finished: false,
    seconds: 0,
    before: /** @type {Measurement | undefined} */ (undefined),
    held: /** @type {Measurement | undefined} */ (undefined),
    after: /** @type {Measurement | undefined} */ (undefined),
    answers: new Map(),
    neighbors: /** @type {Neighbor[]} */ ([]),
  };
  if (attack.compressed === true && !target.compresses) {
    await server.stop();
    return { ...outcome, skipped: 'the package has no compression' };
  }
  const neighbors = [
    await Neighbor.connect(target, 'TCP'),
    await Neighbor.connect(target, 'WebSocket'),
  ];
  outcome.neighbors = neighbors;
  for (let i = 0; i < warmUpRounds; i++) for (const neighbor of neighbors) await neighbor.round();

  outcome.before = await server.measure('begin');
  for (const neighbor of neighbors) neighbor.begin();
  const began = performance.now();
  const attacker = new AttackerProcess(attack.name, target, quick);
  outcome.finished = await attacker.done();
  outcome.seconds = (performance.now() - began) / 1000;
  await Promise.all(neighbors.map((neighbor) => neighbor.finish()));
  outcome.held = await server.measure('measure');

  // New clients and repeated orders must work after the attack, too.
  for (const neighbor of neighbors) await neighbor.order();
  const newcomer = await Neighbor.connect(target, 'WebSocket', 'neighbor-that-is-new');
  await newcomer.round();
  outcome.answers = await attacker.end();
  // The server processes the waiting frames of a lost session before the session ends.
  for (let i = 0; i < 200 && (outcome.after?.sessions ?? Infinity) > ownSessions; i++) {
    if (i > 0) await sleep(25);
    outcome.after = await server.measure('measure');
    if (outcome.after === undefined) break;
  }
  // The objects of a connection are released a few turns after the end of its session.
  await sleep(200);
  outcome.after = await server.measure('measure');
  for (const { client } of [...neighbors, newcomer]) client.wire.vanish();
  const death = await server.stop();

  for (const { violations } of [...neighbors, newcomer]) outcome.violations.push(...violations);
  if (death !== undefined) outcome.violations.push(`The server ended: ${death}.`);
  outcome.violations.push(...violationsIn(outcome));
  return outcome;
}

/**
 * The violations that the measurements of the server show.
 *
 * @param {Pick<Outcome, 'attack' | 'before' | 'held' | 'after'>} outcome
 */
function violationsIn({ attack: { maxHeld }, before, held, after }) {
  const violations = [];
  for (const [id, count] of Object.entries(after?.orders ?? {}))
    if (count !== 1) violations.push(`The order of ${id} was processed ${count} times.`);
  const left = (after?.sessions ?? 0) - ownSessions;
  if (left > 0) violations.push(`${left} sessions of the attacker remain.`);
  if (before === undefined || held === undefined) return violations;
  const grown = Math.round(held.heap - before.heap);
  if (grown > maxHeld) violations.push(`The server holds ${grown} MiB; ${maxHeld} are allowed.`);
  const peak = Math.round(held.peakRss - before.rss);
  const maxPeak = maxHeld + maxGarbage;
  if (peak > maxPeak) violations.push(`The process grew by ${peak} MiB; ${maxPeak} are allowed.`);
  return violations;
}

class ServerProcess {
  /** Why the process ended; undefined while it runs. @type {string | undefined} */
  #ended;
  #stopped = false;

  /**
   * @param {import('node:child_process').ChildProcess} child
   * @param {import('./scene.mjs').Target} target
   */
  constructor(child, target) {
    this.child = child;
    this.target = target;
    this.errors = '';
    child.stderr?.on('data', (text) => void (this.errors = `${this.errors}${text}`.slice(-2000)));
    child.once('exit', (code, signal) => void (this.#ended = `${signal ?? `exit code ${code}`}`));
  }

  /**
   * @param {string} folder
   * @param {string} planted
   */
  static async start(folder, planted) {
    const execArgv = ['--expose-gc', `--max-old-space-size=${maxHeap}`];
    const child = fork(program('server.mjs'), [folder, planted], {
      execArgv,
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    const target = await messageOf(child);
    if (target === undefined) throw new Error(`The server of ${folder} did not start.`);
    return new ServerProcess(child, target);
  }

  /**
   * Resolves with undefined when the process has ended, or does not answer.
   *
   * @param {'begin' | 'measure'} request
   * @returns {Promise<Measurement | undefined>}
   */
  async measure(request) {
    if (this.#ended !== undefined) return undefined;
    const answer = messageOf(this.child, serverTimeout);
    this.child.send(request, () => {});
    return answer;
  }

  /** Stops the process. Resolves with the reason when it had ended before, or did not stop. */
  async stop() {
    if (this.#ended === undefined && !this.#stopped) {
      this.#stopped = true;
      const ended = messageOf(this.child, serverTimeout);
      this.child.send('stop', () => {});
      await ended;
      if (this.#ended === undefined) {
        this.child.kill('SIGKILL');
        return 'it did not stop';
      }
      return this.#ended === 'exit code 0' ? undefined : this.#reason();
    }
    return this.#reason();
  }

  #reason() {
    const [line = ''] = /FATAL ERROR.*|^\w*Error.*/m.exec(this.errors) ?? [];
    return `${this.#ended} ${line}`.trim();
  }
}

class AttackerProcess {
  /** @type {[string, number][]} */
  #answers = [];

  /**
   * @param {string} name
   * @param {import('./scene.mjs').Target} target
   * @param {boolean} quick
   */
  constructor(name, target, quick) {
    const args = [name, quick ? 'quick' : 'full', JSON.stringify(target)];
    this.child = fork(program('attacker.mjs'), args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  /** Resolves with true when the attack has finished, and with false after the timeout. */
  async done() {
    const report = await messageOf(this.child, attackTimeout);
    this.#answers = report?.answers ?? [];
    return report?.done === true;
  }

  /** Disconnects, and resolves with the answers that the attacker received. */
  async end() {
    if (this.#answers.length === 0 && this.child.connected) {
      const report = messageOf(this.child, 5000);
      this.child.send('report', () => {});
      this.#answers = (await report)?.answers ?? [];
    }
    this.child.kill('SIGKILL');
    return new Map(this.#answers);
  }
}

/**
 * The next message of a process; undefined when the process ends first, or after the timeout.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @param {number} [timeout]
 * @returns {Promise<any>}
 */
function messageOf(child, timeout = serverTimeout) {
  return new Promise((resolve) => {
    const settle = (/** @type {unknown} */ message) => {
      clearTimeout(timer);
      child.off('message', settle);
      child.off('exit', onExit);
      resolve(message);
    };
    const onExit = () => settle(undefined);
    const timer = setTimeout(onExit, timeout);
    child.once('message', settle);
    child.once('exit', onExit);
  });
}
