// What must be true of all that was sent, heard and acknowledged; whatever is not becomes a sentence.

/** What is said only in transactions that are aborted. */
export const abandoned = 'abandoned';

/** The most sentences that are kept: the first say enough. */
const mostViolations = 20;

export class Ledger {
  /** @type {string[]} */
  violations = [];
  /** Messages of queues that got their receipt. @type {Set<string>} */
  #queued = new Set();
  /** Those whose ACK got its receipt. @type {Set<string>} */
  #acknowledged = new Set();
  /** Those whose ACK may have arrived before its connection was lost. @type {Set<string>} */
  #inDoubt = new Set();
  /** Those that were delivered as new. @type {Set<string>} */
  #new = new Set();
  /** How many messages of a publisher to a topic got their receipt. @type {Map<string, number>} */
  #published = new Map();
  counts = { published: 0, heard: 0, queued: 0, delivered: 0, redelivered: 0, acknowledged: 0 };

  /** @param {string} violation */
  fail(violation) {
    if (this.violations.length < mostViolations) this.violations.push(violation);
  }

  /**
   * @param {string} publisher one life of a session, whose messages to a topic are numbered from 0
   * @param {number} number
   */
  published(publisher, number) {
    this.counts.published++;
    this.#published.set(publisher, number + 1);
  }

  /** @param {string} text */
  queued(text) {
    this.counts.queued++;
    this.#queued.add(text);
  }

  /**
   * @param {string} text
   * @param {boolean} redelivered
   */
  delivered(text, redelivered) {
    if (text === abandoned) this.fail(`A queue got what was sent in an aborted transaction.`);
    this.counts[redelivered ? 'redelivered' : 'delivered']++;
    if (this.#acknowledged.has(text)) this.fail(`${text} was acknowledged, and delivered again.`);
    if (!redelivered && this.#new.has(text)) this.fail(`${text} was delivered as new twice.`);
    if (!redelivered) this.#new.add(text);
  }

  /** @param {string} text */
  acknowledged(text) {
    this.counts.acknowledged++;
    if (this.#acknowledged.has(text)) this.fail(`${text} was acknowledged twice.`);
    this.#acknowledged.add(text);
  }

  /** @param {string} text */
  inDoubt(text) {
    this.#inDoubt.add(text);
  }

  /** Every message of a queue that got a receipt was settled. */
  checkQueues() {
    for (const text of this.#queued)
      if (!this.#acknowledged.has(text) && !this.#inDoubt.has(text))
        this.fail(`${text} was accepted by its queue, and is lost.`);
  }

  /** All but counts and violations: what it remembers is not the server's memory. */
  forget() {
    for (const each of [this.#queued, this.#acknowledged, this.#inDoubt, this.#new]) each.clear();
    this.#published.clear();
  }

  /** Messages of queues that nobody has settled for certain. */
  get unsettled() {
    let count = 0;
    for (const text of this.#queued)
      if (!this.#acknowledged.has(text) && !this.#inDoubt.has(text)) count++;
    return count;
  }

  /**
   * A listener that was there all the time heard everything of every publisher.
   *
   * @param {string} name
   * @param {Map<string, number>} heard how many messages it heard of each publisher
   */
  checkStayer(name, heard) {
    for (const [publisher, count] of this.#published) {
      const got = heard.get(publisher) ?? 0;
      if (got < count) this.fail(`${name} heard ${got} of the ${count} messages of ${publisher}.`);
    }
  }
}

/** Hears one subscription of a topic: of each publisher, every message after the first one heard, in order. */
export class Listening {
  /** By publisher, the number that must come next. @type {Map<string, number>} */
  next = new Map();

  /**
   * @param {Ledger} ledger
   * @param {string} name
   * @param {boolean} fromTheStart whether it must hear each publisher from its first message on
   */
  constructor(ledger, name, fromTheStart) {
    this.ledger = ledger;
    this.name = name;
    this.fromTheStart = fromTheStart;
  }

  /** @param {string} text `<publisher> <number>` */
  hear(text) {
    this.ledger.counts.heard++;
    if (text === abandoned)
      return this.ledger.fail(`${this.name} heard what was sent in an aborted transaction.`);
    const [publisher = '', number = ''] = text.split(' ');
    const n = Number(number);
    const wanted = this.next.get(publisher) ?? (this.fromTheStart ? 0 : n);
    if (n !== wanted)
      this.ledger.fail(`${this.name} heard ${n} of ${publisher} where ${wanted} had to come.`);
    this.next.set(publisher, n + 1);
  }
}
