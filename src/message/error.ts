// The error class of signalbox and the table of all error codes.

/**
 * The class of an error. `client-mistake`: the client breaks the protocol, and the session ends. `refusal`: the server does not
 * accept a frame. `handler-failure`: a handler cannot be called, or fails. `operator`: the server cannot start or run as
 * configured.
 */
export type ErrorClass = 'client-mistake' | 'refusal' | 'handler-failure' | 'operator';

interface ErrorDescription {
  readonly class: ErrorClass;
  /** The text for clients and operators when the place of failure has no better one. */
  readonly text: string;
  /** The WebSocket close code; absent when the session continues. */
  readonly closes?: number;
}

/**
 * The close codes of sessions. Clients should reconnect after 1001; not repeat the same input after 1002, 1003, 1007 and 1009;
 * authenticate first after 1008; reconnect after a growing delay after 1011, 1013 and 4500 to 4502.
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
  // Bytes that a client sent (wire).
  'frame-malformed': {
    class: 'client-mistake',
    text: 'The frame is malformed.',
    closes: closeCodes.protocolError,
  },
  'command-unknown': {
    class: 'client-mistake',
    text: 'The command is unknown.',
    closes: closeCodes.protocolError,
  },
  'header-malformed': {
    class: 'client-mistake',
    text: 'A header line is malformed.',
    closes: closeCodes.protocolError,
  },
  'escape-illegal': {
    class: 'client-mistake',
    text: 'A header holds an illegal escape sequence.',
    closes: closeCodes.protocolError,
  },
  'text-invalid': {
    class: 'client-mistake',
    text: 'Text must be valid UTF-8.',
    closes: closeCodes.invalidData,
  },
  'header-missing': {
    class: 'client-mistake',
    text: 'A required header is missing.',
    closes: closeCodes.protocolError,
  },
  'header-invalid': {
    class: 'client-mistake',
    text: 'A header has an impossible value.',
    closes: closeCodes.protocolError,
  },
  'content-length-invalid': {
    class: 'client-mistake',
    text: 'The content-length does not fit the body.',
    closes: closeCodes.protocolError,
  },
  'body-unexpected': {
    class: 'client-mistake',
    text: 'A frame of this kind carries no body.',
    closes: closeCodes.protocolError,
  },
  'frame-too-large': {
    class: 'client-mistake',
    text: 'The frame is larger than the server accepts.',
    closes: closeCodes.tooBig,
  },
  'version-unsupported': {
    class: 'client-mistake',
    text: 'None of the offered protocol versions is supported.',
    closes: closeCodes.protocolError,
  },
  'protocol-unknown': {
    class: 'client-mistake',
    text: 'The protocol of the first message is unknown.',
    closes: closeCodes.protocolError,
  },

  // The session.
  'not-connected': {
    class: 'client-mistake',
    text: 'The first frame must be CONNECT.',
    closes: closeCodes.protocolError,
  },
  'already-connected': {
    class: 'client-mistake',
    text: 'The session is connected already.',
    closes: closeCodes.protocolError,
  },
  'access-refused': { class: 'refusal', text: 'Access refused.', closes: closeCodes.policy },
  'connect-timeout': {
    class: 'client-mistake',
    text: 'The client did not connect in time.',
    closes: closeCodes.silent,
  },
  'heartbeat-lost': {
    class: 'client-mistake',
    text: 'The client was silent for longer than agreed.',
    closes: closeCodes.silent,
  },
  'slow-consumer': {
    class: 'client-mistake',
    text: 'The client reads too slowly for what it subscribed.',
    closes: closeCodes.slowConsumer,
  },
  'reading-stalled': {
    class: 'client-mistake',
    text: 'The server did not process the frames of the client in time.',
    closes: closeCodes.stalled,
  },
  'session-failed': {
    class: 'operator',
    text: 'An internal error ended the session.',
    closes: closeCodes.internalError,
  },
  'server-stopping': {
    class: 'operator',
    text: 'The server is going away.',
    closes: closeCodes.goingAway,
  },

  // Refused frames.
  'destination-invalid': { class: 'refusal', text: 'The destination is malformed.' },
  'no-route': { class: 'refusal', text: 'Nothing serves this destination.' },
  'destination-refused': { class: 'refusal', text: 'Clients may not send to this destination.' },
  'subscription-exists': { class: 'refusal', text: 'The session has a subscription of this id.' },
  'subscription-unknown': { class: 'refusal', text: 'The session has no subscription of this id.' },
  'subscription-limit': {
    class: 'refusal',
    text: 'The session has as many subscriptions as it may have.',
  },
  'pattern-limit': {
    class: 'refusal',
    text: 'The subscribed patterns are as complex as they may be.',
  },
  'subscription-taken': {
    class: 'refusal',
    text: 'Another session of the client has taken over the durable subscription.',
    closes: closeCodes.policy,
  },
  'transaction-exists': { class: 'refusal', text: 'The session has a transaction of this name.' },
  'transaction-unknown': { class: 'refusal', text: 'The session has no transaction of this name.' },
  'transaction-limit': {
    class: 'refusal',
    text: 'The transactions of the session hold as much as they may hold.',
  },
  'transaction-failed': {
    class: 'refusal',
    text: 'The transaction failed; nothing of it took effect.',
  },
  'acknowledgement-unknown': {
    class: 'refusal',
    text: 'No delivery of the session has this acknowledgement.',
  },
  'queue-full': { class: 'refusal', text: 'The queue holds as much as it may hold.' },
  'queue-limit': { class: 'refusal', text: 'There are as many queues as there may be.' },
  'store-failed': { class: 'refusal', text: 'The message could not be stored.' },
  'not-supported': { class: 'refusal', text: 'This broker does not support the request.' },

  // Handlers.
  'argument-missing': {
    class: 'handler-failure',
    text: 'A value that the handler needs is missing.',
  },
  'argument-invalid': {
    class: 'handler-failure',
    text: 'A value that the handler needs has an impossible form.',
  },
  'payload-missing': {
    class: 'handler-failure',
    text: 'The handler needs a payload, and the message has none.',
  },
  'payload-unreadable': { class: 'handler-failure', text: 'The payload cannot be read.' },
  'payload-invalid': { class: 'handler-failure', text: 'The payload is not valid.' },
  'payload-unwritable': {
    class: 'handler-failure',
    text: 'The value cannot be written as a payload.',
  },
  'handler-failed': { class: 'handler-failure', text: 'The handler failed.' },
  'handler-timeout': { class: 'handler-failure', text: 'The handler took too long.' },

  // Configuration and start.
  'controller-invalid': { class: 'operator', text: 'The controllers cannot be served.' },
  'option-invalid': { class: 'operator', text: 'An option is not valid.' },
  'pattern-invalid': { class: 'operator', text: 'A destination pattern is not valid.' },
  'store-damaged': { class: 'operator', text: 'The store is damaged.' },
  'broker-unavailable': {
    class: 'operator',
    text: 'The broker is not running: publish between the start and the end of the server.',
  },
  'listen-failed': { class: 'operator', text: 'The server cannot listen.' },
} as const satisfies Record<string, ErrorDescription>;

export type ErrorCode = keyof typeof errorCodes;

/** One invalid field of a payload. */
export interface FieldProblem {
  /** The path of the field, as `items.0.price`; empty for the payload itself. */
  readonly path: string;
  readonly message: string;
}

interface MessagingErrorOptions extends ErrorOptions {
  /** A longer explanation; clients may read it. */
  readonly detail?: string | undefined;
  readonly fields?: readonly FieldProblem[] | undefined;
}

/** The error class of signalbox. `code` is stable, `message` is for people. The cause is never sent to a client. */
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

  /** Returns a thrown MessagingError as it is, and everything else as the cause of `handler-failed`. */
  static from(thrown: unknown): MessagingError {
    // Unlike `instanceof`, this runs no code of the thrown object.
    return typeof thrown === 'object' && thrown !== null && #closes in thrown
      ? thrown
      : new MessagingError('handler-failed', undefined, { cause: thrown });
  }

  /** The WebSocket close code that ends the session; undefined when the session continues. */
  get closes(): number | undefined {
    return this.#closes;
  }
}
