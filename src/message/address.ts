// Addresses: the parsed form of a destination, which selects the part of the server that serves it.

/** To handlers of the application. */
export interface HandlerAddress {
  readonly kind: 'handler';
  /** The destination without the application prefix, which is matched with the patterns of handlers. */
  readonly lookup: string;
}

/** To a topic or queue of the broker. */
export interface BrokerAddress {
  readonly kind: 'broker';
  readonly destination: string;
}

/** To a queue of one session. The process that holds the session serves it. */
export interface SessionAddress {
  readonly kind: 'session';
  readonly session: string;
  /** `/queue/x` for `/user/queue/x`; unchanged for `/temp-queue/x`. */
  readonly queue: string;
}

/** To the queue of this name in every session of a user. */
export interface UserAddress {
  readonly kind: 'user';
  readonly user: string;
  /** Such as `/queue/x`. */
  readonly queue: string;
}

/** To the session queue that a reply address names. */
export interface ReplyAddress {
  readonly kind: 'reply';
  readonly id: string;
}

/** Nothing serves the destination. */
export interface NoAddress {
  readonly kind: 'none';
}

export type Address =
  | HandlerAddress
  | BrokerAddress
  | SessionAddress
  | UserAddress
  | ReplyAddress
  | NoAddress;

/** An address that messages can be published to. */
export type PublishAddress = Exclude<Address, HandlerAddress | NoAddress>;
