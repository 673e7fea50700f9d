// The messages of the portfolio: the positions of a user, and orders to trade.
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsString, Length, Max } from 'class-validator';
import {
  Controller,
  MessageExceptionHandler,
  MessageMapping,
  MessagingError,
  Payload,
  Principal,
  Publisher,
  SubscribeMapping,
} from 'signalbox';
import { Portfolios, type Position } from './portfolios.js';
import { Trades, type Trade } from './trades.js';

export class TradeRequest implements Trade {
  @IsIn(['Buy', 'Sell'], { message: 'action must be Buy or Sell' })
  action!: 'Buy' | 'Sell';

  @Length(1, 10, { message: 'ticker must have 1 to 10 characters' })
  @IsString({ message: 'ticker must be a text' })
  ticker!: string;

  /** The page takes it from a text field, so it may be the text of a number. */
  @Max(2 ** 31 - 1, { message: 'shares must be less than 2,147,483,648' })
  @IsInt({ message: 'shares must be a whole number' })
  @Type(() => Number)
  shares!: number;
}

@Controller()
export class PortfolioController {
  constructor(
    private readonly portfolios: Portfolios,
    private readonly trades: Trades,
    private readonly publisher: Publisher,
  ) {}

  /** SUBSCRIBE /app/positions */
  @SubscribeMapping('/positions')
  positions(@Principal({ required: true }) { name }: Principal): readonly Position[] {
    return this.portfolios.of(name).positions;
  }

  /** SEND /app/trade; the result arrives at /user/queue/position-updates. */
  @MessageMapping('/trade')
  trade(
    @Payload() request: TradeRequest,
    @Principal({ required: true }) { name }: Principal,
  ): void {
    this.trades.execute(name, request);
  }

  /** To /user/queue/errors of all sessions of the user, as JSON, because pages parse it. */
  @MessageExceptionHandler()
  async failed(error: Error, @Principal({ required: true }) { name }: Principal): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    await this.publisher.publishToUser(name, '/queue/errors', textOf(error), { headers });
  }
}

/** The first reason of an invalid payload, or the text of any other error. */
function textOf(error: Error): string {
  const [field] = error instanceof MessagingError ? (error.fields ?? []) : [];
  return field?.message ?? error.message;
}
