// The prices of stocks, which change every two seconds.
import { injectable, preDestroy } from 'inversify';
import { Clock, Publisher } from 'signalbox';

export interface Quote {
  readonly ticker: string;
  readonly price: number;
}

/** Milliseconds between two quotes of a stock. */
const interval = 2000;

const seedPrices: Readonly<Record<string, number>> = {
  CTXS: 24.3,
  DELL: 13.03,
  EMC: 24.13,
  GOOG: 893.49,
  MSFT: 34.21,
  ORCL: 31.22,
  RHT: 48.3,
  VMW: 66.98,
};

@injectable()
export class Quotes {
  #timer: ReturnType<Clock['after']> | undefined;

  constructor(
    private readonly publisher: Publisher,
    private readonly clock: Clock,
  ) {}

  /** Publishes a quote of each stock every two seconds, until the server closes. */
  start(): void {
    this.#timer = this.clock.after(interval, () => {
      // It rejects if the server has closed meanwhile.
      void this.#publish().then(
        () => this.start(),
        () => {},
      );
    });
  }

  @preDestroy()
  stop(): void {
    this.#timer?.cancel();
  }

  async #publish(): Promise<void> {
    for (const [ticker, seed] of Object.entries(seedPrices)) {
      const quote: Quote = { ticker, price: priceNear(seed) };
      await this.publisher.publish(`/topic/price.stock.${ticker}`, quote);
    }
  }
}

/** The seed price plus up to 2 %, in whole cents. */
function priceNear(seed: number): number {
  return Math.round(seed * (1 + 0.02 * Math.random()) * 100) / 100;
}
