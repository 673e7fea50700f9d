// The lane: what a client sent runs one at a time and in order, or n at a time where that is wanted.

export interface LaneWork<T, R> {
  /** Works an item off; must not reject. */
  run(item: T): Promise<R>;
  /** Called when the item and all before it have run, in their order: receipts go out here. */
  done(item: T, result: R): void;
  /** Whether the item may overlap others; one that may not waits for all before it, and all after wait for it. */
  overlaps(item: T): boolean;
  /** Called when an item has left the queue. */
  advanced(): void;
}

interface Running<T, R> {
  readonly item: T;
  outcome: { readonly result: R } | undefined;
}

export class Lane<T, R> {
  #queue: T[] = [];
  #head = 0;
  #running: Running<T, R>[] = [];
  #alone = false;
  #settledWanted: (() => void)[] = [];

  constructor(
    private readonly concurrency: number,
    private readonly work: LaneWork<T, R>,
  ) {}

  /** Items that have not begun. */
  get waiting(): number {
    return this.#queue.length - this.#head;
  }

  get empty(): boolean {
    return this.#running.length === 0 && this.waiting === 0;
  }

  push(item: T): void {
    this.#queue.push(item);
    this.#advance();
  }

  /** Drops what has not begun. */
  discard(): void {
    this.#queue = [];
    this.#head = 0;
    this.#settle();
  }

  /** Resolves when nothing runs or waits. */
  settled(): Promise<void> {
    return this.empty
      ? Promise.resolve()
      : new Promise((resolve) => this.#settledWanted.push(resolve));
  }

  #advance(): void {
    while (this.waiting > 0) {
      const item = this.#queue[this.#head]!;
      const overlaps = this.concurrency > 1 && this.work.overlaps(item);
      const busy = this.#running.length;
      if (this.#alone || busy >= this.concurrency || (!overlaps && busy > 0)) return;
      this.#take();
      this.#alone = !overlaps;
      this.#start(item);
    }
  }

  #take(): void {
    // The queue is emptied by moving its head, so that a long one costs no copying for each item.
    if (++this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    }
    this.work.advanced();
  }

  #start(item: T): void {
    const running: Running<T, R> = { item, outcome: undefined };
    this.#running.push(running);
    void this.work.run(item).then((result) => {
      running.outcome = { result };
      this.#finish();
      if (this.#running.length === 0) this.#alone = false;
      this.#advance();
      this.#settle();
    });
  }

  /** In order: an item that settled early waits for those before it. */
  #finish(): void {
    for (let first = this.#running[0]; first?.outcome !== undefined; first = this.#running[0]) {
      this.#running.shift();
      this.work.done(first.item, first.outcome.result);
    }
  }

  #settle(): void {
    if (!this.empty || this.#settledWanted.length === 0) return;
    const wanted = this.#settledWanted;
    this.#settledWanted = [];
    for (const resolve of wanted) resolve();
  }
}
