// Everything that can go wrong, as one class with a stable code and one table of the codes.

interface ErrorDescription {
  /** What a client or an operator reads when the place of failure has nothing better to say. */
  readonly text: string;
  /** The WebSocket close code when it ends the session; absent when the session lives on. */
  readonly closes?: number;
}

/**
 * The close codes that sessions end with. 1001: reconnect; 1002, 1003, 1007, 1009: never again with the same input;
 * 1008: authenticate first; 1011, 1013, 4500-4502: reconnect after a pause that grows.
 */
export const closeCodes = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  invalidData: 1007,
  policy: 1008,
  tooBig: 1009,
  internalError: 1011,
  slowConsumer: 4500,
  silent: 4501,
  stalled: 4502,
} as const;

export const errorCodes = {
  // What the octets of a client can be wrong about (wire).
  'frame-malformed': { text: 'The frame is malformed.', closes: closeCodes.protocolError },
  'command-unknown': { text: 'The command is unknown.', closes: closeCodes.protocolError },
  'header-malformed': { text: 'A header line is malformed.', closes: closeCodes.protocolError },
  'escape-illegal': {
    text: 'A header holds an illegal escape sequence.',
    closes: closeCodes.protocolError,
  },
  'text-invalid': { text: 'Text must be valid UTF-8.', closes: closeCodes.invalidData },
  'header-missing': { text: 'A required header is missing.', closes: closeCodes.protocolError },
  'header-invalid': { text: 'A header has an impossible value.', closes: closeCodes.protocolError },
  'content-length-invalid': {
    text: 'The content-length does not fit the body.',
    closes: closeCodes.protocolError,
  },
  'body-unexpected': {
    text: 'A frame of this kind carries no body.',
    closes: closeCodes.protocolError,
  },
  'frame-too-large': {
    text: 'The frame is larger than the server accepts.',
    closes: closeCodes.tooBig,
  },
  'version-unsupported': {
    text: 'None of the offered protocol versions is supported.',
    closes: closeCodes.protocolError,
  },
  'protocol-unknown': {
    text: 'The protocol of the first message is unknown.',
    closes: closeCodes.protocolError,
  },

  // What a session can be wrong about.
  'not-connected': { text: 'The first frame must be CONNECT.', closes: closeCodes.protocolError },
  'already-connected': {
    text: 'The session is connected already.',
    closes: closeCodes.protocolError,
  },
  'access-refused': { text: 'Access refused.', closes: closeCodes.policy },
  'connect-timeout': { text: 'The client did not connect in time.', closes: closeCodes.silent },
  'heartbeat-lost': {
    text: 'The client was silent for longer than agreed.',
    closes: closeCodes.silent,
  },
  'slow-consumer': {
    text: 'The client reads too slowly for what it subscribed.',
    closes: closeCodes.slowConsumer,
  },
  'reading-stalled': {
    text: 'The frames of the client could not be worked off in time.',
    closes: closeCodes.stalled,
  },
  'server-stopping': { text: 'The server is going away.', closes: closeCodes.goingAway },

  // What a frame can be refused for.
  'destination-invalid': { text: 'The destination is malformed.' },
  'no-route': { text: 'Nothing serves this destination.' },
  'destination-refused': { text: 'Clients may not send to this destination.' },
  'subscription-exists': { text: 'The session has a subscription of this id.' },
  'subscription-unknown': { text: 'The session has no subscription of this id.' },
  'subscription-limit': { text: 'The session has as many subscriptions as it may have.' },
  'pattern-limit': { text: 'The subscribed patterns are as complex as they may be.' },
  'subscription-taken': {
    text: 'Another session of the client has taken over the durable subscription.',
    closes: closeCodes.policy,
  },
  'transaction-exists': { text: 'The session has a transaction of this name.' },
  'transaction-unknown': { text: 'The session has no transaction of this name.' },
  'transaction-limit': { text: 'The transactions of the session hold as much as they may hold.' },
  'transaction-failed': { text: 'The transaction failed; nothing of it took effect.' },
  'acknowledgement-unknown': { text: 'No delivery of the session has this acknowledgement.' },
  'queue-full': { text: 'The queue holds as much as it may hold.' },
  'queue-limit': { text: 'There are as many queues as there may be.' },
  'store-failed': { text: 'The message could not be stored.' },
  'not-supported': { text: 'This broker does not support the request.' },

  // What a handler can fail with.
  'argument-missing': { text: 'A value that the handler needs is missing.' },
  'argument-invalid': { text: 'A value that the handler needs has an impossible form.' },
  'payload-missing': { text: 'The handler needs a payload, and the message has none.' },
  'payload-unreadable': { text: 'The payload cannot be read.' },
  'payload-invalid': { text: 'The payload is not valid.' },
  'payload-unwritable': { text: 'The value cannot be written as a payload.' },
  'handler-failed': { text: 'The handler failed.' },
  'handler-timeout': { text: 'The handler took too long.' },

  // What can be wrong at start.
  'controller-invalid': { text: 'The controllers cannot be served.' },
  'option-invalid': { text: 'An option is not valid.' },
  'pattern-invalid': { text: 'A destination pattern is not valid.' },
  'store-damaged': { text: 'What the store holds cannot be read.' },
  'listen-failed': { text: 'The server cannot listen.' },
} as const satisfies Record<string, ErrorDescription>;

export type ErrorCode = keyof typeof errorCodes;

/** One field of a payload and what is wrong with it. */
export interface FieldProblem {
  /** The way to the field, as `items.0.price`; empty for the payload itself. */
  readonly path: string;
  readonly message: string;
}

interface MessagingErrorOptions extends ErrorOptions {
  /** More than fits in a line; a client may read it. */
  readonly detail?: string | undefined;
  readonly fields?: readonly FieldProblem[] | undefined;
}

/** The one error class of signalbox; `code` is stable, `message` is for humans. The cause never reaches a client. */
export class MessagingError extends Error {
  override readonly name = 'MessagingError';
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly fields: readonly FieldProblem[] | undefined;
  readonly #closes: number | undefined;

  constructor(
    code: ErrorCode,
    message: string = errorCodes[code].text,
    options: MessagingErrorOptions = {},
  ) {
    super(message, options);
    this.code = code;
    this.detail = options.detail;
    this.fields = options.fields;
    this.#closes = (errorCodes[code] as ErrorDescription).closes;
  }

  /** Anything thrown as one: itself, else `handler-failed` with it as the cause. */
  static from(thrown: unknown): MessagingError {
    // Unlike `instanceof`, this runs no code of whatever was thrown.
    return typeof thrown === 'object' && thrown !== null && #closes in thrown
      ? thrown
      : new MessagingError('handler-failed', undefined, { cause: thrown });
  }

  /** The WebSocket close code that ends the session, or undefined when the session lives on. */
  get closes(): number | undefined {
    return this.#closes;
  }
}
