// The positions of each user.

export interface Position {
  readonly company: string;
  readonly ticker: string;
  readonly price: number;
  readonly shares: number;
}

export class Portfolio {
  readonly #positions: Map<string, Position>;

  constructor(positions: readonly Position[]) {
    this.#positions = new Map(positions.map((position) => [position.ticker, position]));
  }

  get positions(): readonly Position[] {
    return [...this.#positions.values()];
  }

  /** Undefined for a ticker without a position. */
  position(ticker: string): Position | undefined {
    return this.#positions.get(ticker);
  }

  /** Replaces the number of shares of a position, and returns the new position. */
  change(position: Position, shares: number): Position {
    const changed = { ...position, shares };
    this.#positions.set(position.ticker, changed);
    return changed;
  }
}

export class Portfolios {
  readonly #portfolios = new Map([
    [
      'fabrice',
      new Portfolio([
        { company: 'Citrix Systems, Inc.', ticker: 'CTXS', price: 24.3, shares: 75 },
        { company: 'Dell Inc.', ticker: 'DELL', price: 13.44, shares: 50 },
        { company: 'Microsoft', ticker: 'MSFT', price: 34.15, shares: 33 },
        { company: 'Oracle', ticker: 'ORCL', price: 31.22, shares: 45 },
      ]),
    ],
    [
      'paulson',
      new Portfolio([
        { company: 'EMC Corporation', ticker: 'EMC', price: 24.3, shares: 75 },
        { company: 'Google Inc', ticker: 'GOOG', price: 905.09, shares: 5 },
        { company: 'VMware, Inc.', ticker: 'VMW', price: 65.58, shares: 23 },
        { company: 'Red Hat', ticker: 'RHT', price: 48.3, shares: 15 },
      ]),
    ],
  ]);

  of(user: string): Portfolio {
    const portfolio = this.#portfolios.get(user);
    if (portfolio === undefined) throw new Error(`${user} has no portfolio.`);
    return portfolio;
  }
}
