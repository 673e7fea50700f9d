// Records the messages that were sent, delivered and acknowledged, and reports violations of the delivery guarantees.

/** The body of messages in aborted transactions. */
export const abandoned = 'abandoned';

/** Only this many violations are recorded, because the first ones are enough to find the cause. */
const maxViolations = 20;

export class Ledger {
  /** @type {string[]} */
  violations = [];
  /** Messages to queues whose publisher received the receipt. @type {Set<string>} */
  #queued = new Set();
  /** Messages whose ACK was confirmed by a receipt. @type {Set<string>} */
  #acknowledged = new Set();
  /** Messages whose ACK may have arrived before the connection was lost. @type {Set<string>} */
  #inDoubt = new Set();
  /** Messages that were delivered without the header `redelivered`. @type {Set<string>} */
  #new = new Set();
  /** By publisher, the number of messages to a topic that are confirmed by a receipt. @type {Map<string, number>} */
  #published = new Map();
  counts = { published: 0, received: 0, queued: 0, delivered: 0, redelivered: 0, acknowledged: 0 };

  /** @param {string} violation */
  fail(violation) {
    if (this.violations.length < maxViolations) this.violations.push(violation);
  }

  /**
   * @param {string} publisher one session, whose messages to a topic are numbered from 0
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
    if (text === abandoned) this.fail('A queue delivered a message of an aborted transaction.');
    this.counts[redelivered ? 'redelivered' : 'delivered']++;
    if (this.#acknowledged.has(text))
      this.fail(`${text} was delivered again after it was acknowledged.`);
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

  /** Checks that each message accepted by a queue was settled. */
  checkQueues() {
    for (const text of this.#queued)
      if (!this.#acknowledged.has(text) && !this.#inDoubt.has(text))
        this.fail(`${text} was accepted by its queue and then lost.`);
  }

  /** Deletes everything except counts and violations, so that the memory check measures only the server. */
  forget() {
    for (const each of [this.#queued, this.#acknowledged, this.#inDoubt, this.#new]) each.clear();
    this.#published.clear();
  }

  /** The number of queued messages that may be unsettled. */
  get unsettled() {
    let count = 0;
    for (const text of this.#queued)
      if (!this.#acknowledged.has(text) && !this.#inDoubt.has(text)) count++;
    return count;
  }

  /**
   * Checks that a listener with a permanent connection received all messages of every publisher.
   *
   * @param {string} name
   * @param {Map<string, number>} received by publisher, the number of received messages
   */
  checkPermanent(name, received) {
    for (const [publisher, count] of this.#published) {
      const actual = received.get(publisher) ?? 0;
      if (actual < count)
        this.fail(`${name} received ${actual} of the ${count} messages of ${publisher}.`);
    }
  }
}

/** Checks one topic subscription: it receives each publisher's messages in order and without gaps after the first one. */
export class Listening {
  /** By publisher, the number that must come next. @type {Map<string, number>} */
  next = new Map();

  /**
   * @param {Ledger} ledger
   * @param {string} name
   * @param {boolean} fromTheStart true if it must receive the first message of each publisher
   */
  constructor(ledger, name, fromTheStart) {
    this.ledger = ledger;
    this.name = name;
    this.fromTheStart = fromTheStart;
  }

  /** @param {string} text `<publisher> <number>` */
  receive(text) {
    this.ledger.counts.received++;
    if (text === abandoned)
      return this.ledger.fail(`${this.name} received a message of an aborted transaction.`);
    const [publisher = '', number = ''] = text.split(' ');
    const n = Number(number);
    const expected = this.next.get(publisher) ?? (this.fromTheStart ? 0 : n);
    if (n !== expected)
      this.ledger.fail(
        `${this.name} received message ${n} of ${publisher} instead of ${expected}.`,
      );
    this.next.set(publisher, n + 1);
  }
}
