// Executes trades. As in a real stock exchange, the result arrives later.
import { injectable } from 'inversify';
import { Clock, Publisher } from 'signalbox';
import { Portfolios, type Position } from './portfolios.js';

export interface Trade {
  readonly action: 'Buy' | 'Sell';
  readonly ticker: string;
  readonly shares: number;
}

export interface PositionUpdate extends Position {
  /** Milliseconds since 1970. */
  readonly updateTime: number;
}

/** Milliseconds until a user is notified of an executed trade. */
const delay = 2000;

@injectable()
export class Trades {
  constructor(
    private readonly portfolios: Portfolios,
    private readonly publisher: Publisher,
    private readonly clock: Clock,
  ) {}

  /** @throws {Error} for a ticker without a position, fewer than one share, and more shares than the user can sell */
  execute(user: string, { action, ticker, shares }: Trade): void {
    const portfolio = this.portfolios.of(user);
    const reject = (reason: string) =>
      new Error(`Rejected trade (${action} ${shares} ${ticker}): ${reason}`);
    const position = portfolio.position(ticker);
    if (position === undefined) throw reject('You have no position of this company.');
    if (shares < 1) throw reject('Trade at least one share.');
    const left = action === 'Buy' ? position.shares + shares : position.shares - shares;
    if (left < 0) throw reject(`You own ${position.shares} shares.`);

    const changed = portfolio.change(position, left);
    const update: PositionUpdate = { ...changed, updateTime: this.clock.date() };
    this.clock.after(delay, () => {
      // It rejects if the server has closed meanwhile.
      this.publisher.publishToUser(user, '/queue/position-updates', update).catch(() => {});
    });
  }
}
