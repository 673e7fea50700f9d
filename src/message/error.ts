// The error class of signalbox and the table of all error codes.

/**
 * The class of an error; it decides the close code. `client-mistake`: the client breaks the protocol or an agreement. `refusal`:
 * the server does not accept a valid frame. `handler-failure`: a handler fails, or its result cannot be sent. `operator`: the
 * server cannot start or run as configured, or has no capacity left.
 */
export type ErrorClass = 'client-mistake' | 'refusal' | 'handler-failure' | 'operator';

interface ErrorDescription {
  readonly class: ErrorClass;
  /** The text for clients and operators when the thrown error has no text. */
  readonly text: string;
  /** The WebSocket close code. @default the code of the class */
  readonly closes?: number;
}

/**
 * The close codes of sessions. After 1001, clients should reconnect. After 1002, 1007 and 1009, they should not repeat the same
 * input. After 1003, they should use another transport or other subscriptions. After 1008, they should change their credentials or
 * the frame. After 1011, 1013 and 4500 to 4502, they should reconnect with a growing delay.
 */
export const closeCodes = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  invalidData: 1007,
  policy: 1008,
  tooBig: 1009,
  internalError: 1011,
  tryAgainLater: 1013,
  slowConsumer: 4500,
  silent: 4501,
  stalled: 4502,
} as const;

const closeCodeOfClass: Readonly<Record<ErrorClass, number>> = {
  'client-mistake': closeCodes.protocolError,
  refusal: closeCodes.policy,
  'handler-failure': closeCodes.internalError,
  operator: closeCodes.internalError,
};

/** All error codes with their default texts and classes. */
export const errorCodes = {
  // Malformed bytes of a client.
  'frame-malformed': { class: 'client-mistake', text: 'The frame is malformed.' },
  'command-unknown': { class: 'client-mistake', text: 'The command is unknown.' },
  'header-malformed': { class: 'client-mistake', text: 'A header line is malformed.' },
  'escape-illegal': {
    class: 'client-mistake',
    text: 'A header contains an illegal escape sequence.',
  },
  'text-invalid': {
    class: 'client-mistake',
    text: 'Text must be valid UTF-8.',
    closes: closeCodes.invalidData,
  },
  'header-missing': { class: 'client-mistake', text: 'A required header is missing.' },
  'header-invalid': { class: 'client-mistake', text: 'A header has an invalid value.' },
  'content-length-invalid': {
    class: 'client-mistake',
    text: 'The content-length does not fit the body.',
  },
  'body-unexpected': {
    class: 'client-mistake',
    text: 'A frame of this type must not have a body.',
  },
  'frame-too-large': {
    class: 'client-mistake',
    text: 'The frame is larger than the server accepts.',
    closes: closeCodes.tooBig,
  },
  'version-unsupported': {
    class: 'client-mistake',
    text: 'None of the offered protocol versions is supported.',
  },
  'protocol-unknown': {
    class: 'client-mistake',
    text: 'The protocol of the first message is unknown.',
  },

  // The session.
  'not-connected': { class: 'client-mistake', text: 'The first frame must be CONNECT.' },
  'already-connected': { class: 'client-mistake', text: 'The session is connected already.' },
  'access-refused': { class: 'refusal', text: 'Access refused.' },
  'handshake-limit': {
    class: 'refusal',
    text: 'Too many connections wait for their CONNECT.',
    closes: closeCodes.tryAgainLater,
  },
  'session-limit': {
    class: 'refusal',
    text: 'The limit of sessions is reached.',
    closes: closeCodes.tryAgainLater,
  },
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
  'text-required': {
    class: 'refusal',
    text: 'The connection carries only text, and a message for it is not text.',
    closes: closeCodes.unsupportedData,
  },
  'reading-stalled': {
    class: 'client-mistake',
    text: 'The server did not process the frames of the client in time.',
    closes: closeCodes.stalled,
  },
  'message-incomplete': {
    class: 'client-mistake',
    text: 'The session ended before the message was complete.',
  },
  'session-failed': { class: 'operator', text: 'An internal error ended the session.' },
  'server-stopping': {
    class: 'operator',
    text: 'The server is stopping.',
    closes: closeCodes.goingAway,
  },

  // Refused frames.
  'destination-invalid': { class: 'refusal', text: 'The destination is malformed.' },
  'no-route': { class: 'refusal', text: 'Nothing serves this destination.' },
  'destination-refused': { class: 'refusal', text: 'Clients may not use this destination.' },
  'header-refused': {
    class: 'refusal',
    text: 'The server does not accept a header of the frame.',
  },
  'subscription-exists': {
    class: 'refusal',
    text: 'The session already has a subscription with this id.',
  },
  'subscription-unknown': {
    class: 'refusal',
    text: 'The session has no subscription with this id.',
  },
  'subscription-limit': {
    class: 'refusal',
    text: 'The session has reached its limit of subscriptions.',
  },
  'pattern-limit': {
    class: 'refusal',
    text: 'The subscribed patterns have reached their limit of complexity.',
  },
  'subscription-taken': {
    class: 'refusal',
    text: 'Another session of the client has taken over the durable subscription.',
  },
  'stream-limit': {
    class: 'refusal',
    text: 'The session has reached its limit of running streams.',
  },
  'transaction-exists': {
    class: 'refusal',
    text: 'The session already has a transaction with this name.',
  },
  'transaction-unknown': {
    class: 'refusal',
    text: 'The session has no transaction with this name.',
  },
  'transaction-limit': {
    class: 'refusal',
    text: 'The transactions of the session have reached their limit.',
  },
  'transaction-failed': {
    class: 'refusal',
    text: 'The transaction failed; nothing of it took effect.',
  },
  'acknowledgement-unknown': {
    class: 'refusal',
    text: 'No delivery of the session has this acknowledgement.',
  },
  'queue-full': { class: 'operator', text: 'The queue is full.' },
  'queue-limit': { class: 'operator', text: 'The limit of queues is reached.' },
  'store-failed': { class: 'operator', text: 'The message could not be stored.' },
  'not-supported': { class: 'refusal', text: 'This broker does not support the request.' },

  // Handlers.
  'argument-missing': { class: 'refusal', text: 'A value that the handler needs is missing.' },
  'argument-invalid': {
    class: 'refusal',
    text: 'A value that the handler needs is not valid.',
  },
  'payload-missing': {
    class: 'refusal',
    text: 'The handler needs a payload, and the message has none.',
  },
  'payload-unreadable': { class: 'refusal', text: 'The payload cannot be read.' },
  'payload-invalid': { class: 'refusal', text: 'The payload is not valid.' },
  'payload-unwritable': {
    class: 'handler-failure',
    text: 'The value cannot be written as a payload.',
  },
  'handler-failed': { class: 'handler-failure', text: 'The handler failed.' },
  'handler-timeout': { class: 'handler-failure', text: 'The handler took too long.' },
  'publication-invalid': {
    class: 'handler-failure',
    text: 'The application published a message with a wrong destination, receiver or option.',
  },

  // Configuration and start.
  'controller-invalid': { class: 'operator', text: 'The controllers cannot be served.' },
  'option-invalid': { class: 'operator', text: 'An option is not valid.' },
  'pattern-invalid': { class: 'operator', text: 'A destination pattern is not valid.' },
  'package-missing': {
    class: 'operator',
    text: 'A package that signalbox needs is not installed.',
  },
  'store-damaged': { class: 'operator', text: 'The store is damaged.' },
  'broker-unavailable': {
    class: 'operator',
    text: 'The broker is not running: publish between the start and the end of the server.',
  },
  'listen-failed': { class: 'operator', text: 'The server cannot listen.' },
} as const satisfies Record<string, ErrorDescription>;

/** A stable error code. */
export type ErrorCode = keyof typeof errorCodes;

/** One invalid field of a payload. */
export interface FieldProblem {
  /** The path of the field, such as `items.0.price`; empty for the payload itself. */
  readonly path: string;
  /** Describes the rule that the value breaks. */
  readonly message: string;
}

/** Further information about an error. */
interface MessagingErrorOptions extends ErrorOptions {
  /** A longer explanation; clients may read it. @default none */
  readonly detail?: string | undefined;
  /** The invalid fields of a payload. @default none */
  readonly fields?: readonly FieldProblem[] | undefined;
}

/** Marks the errors of all copies of the package in one process. */
const mark = Symbol.for('signalbox.MessagingError');

/**
 * The error class of signalbox. `code` is stable, `message` is for people. The cause is never sent to a client.
 *
 * `instanceof MessagingError` is also true for an error of another copy of the package.
 */
export class MessagingError extends Error {
  /** Always `MessagingError`. */
  override readonly name = 'MessagingError';
  /** The stable code. */
  readonly code: ErrorCode;
  /** A longer explanation, for people. */
  readonly detail: string | undefined;
  /** The invalid fields of a payload. */
  readonly fields: readonly FieldProblem[] | undefined;
  readonly #own = true;

  constructor(
    code: ErrorCode,
    message: string = descriptionOf(code).text,
    options: MessagingErrorOptions = {},
  ) {
    super(message, options);
    this.code = code;
    this.detail = options.detail;
    this.fields = options.fields;
  }

  /** True for errors of this class, also for those of another copy of the package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // Subclasses inherit this method; for them it must be the normal check.
    if (this !== MessagingError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && mark in value;
  }

  /**
   * Returns a thrown MessagingError unchanged, and the error of another copy of the package as a MessagingError of this copy. Any
   * other value becomes the cause of a `handler-failed`: also an error with an unknown code or with members of other types, and
   * `publication-invalid`, whose text is only for the application. Never throws.
   */
  static from(thrown: unknown): MessagingError {
    try {
      const error = MessagingError.#known(thrown);
      if (error !== undefined && error.code !== 'publication-invalid') return error;
    } catch {
      // A proxy or a getter may throw.
    }
    return new MessagingError('handler-failed', undefined, { cause: thrown });
  }

  /**
   * The error itself, or a MessagingError with the contents of an error of another copy of the package. Undefined for other values,
   * for unknown codes, and for members that a program in JavaScript has set to other types.
   */
  static #known(thrown: unknown): MessagingError | undefined {
    if (typeof thrown !== 'object' || thrown === null) return undefined;
    const isOwn = #own in thrown;
    if (!isOwn && !(thrown instanceof MessagingError)) return undefined;
    const { code, message, detail, fields, cause } = thrown as MessagingError;
    const isValid =
      isErrorCode(code) &&
      typeof message === 'string' &&
      (detail === undefined || typeof detail === 'string') &&
      (fields === undefined || Array.isArray(fields));
    if (!isValid) return undefined;
    return isOwn
      ? (thrown as MessagingError)
      : new MessagingError(code, message, { detail, fields, cause });
  }

  /** Always true; other copies of the package recognize the error by this member. */
  get [mark](): true {
    return this.#own;
  }

  /**
   * The WebSocket close code of a session that ends because a handler, an interceptor or another part after the decoder threw this
   * error. A failed transaction has the close code of its cause. A violation of the protocol has 1011: only decoders find them, so
   * the application threw the wrong code. A slow, silent or stalled client has its own code, because a broker finds them as well.
   */
  get closes(): number {
    const { code } = rootOf(this);
    const closes = closeCodeOf(code);
    return descriptionOf(code).class === 'client-mistake' && closes < closeCodes.slowConsumer
      ? closeCodes.internalError
      : closes;
  }
}

/** A transaction whose handler throws the error of another one is rare, and a chain of causes may be a cycle. */
const maxCauses = 8;

/** The error that made a transaction fail, which may have failed because of another one; any other error unchanged. */
export function rootOf(error: MessagingError): MessagingError {
  let root = error;
  for (let i = 0; i < maxCauses && root.code === 'transaction-failed'; i++) {
    if (root.cause === undefined) return root;
    root = MessagingError.from(root.cause);
  }
  return root;
}

/** Returns the class MessagingError of this copy for the class of another copy of the package, and any other value unchanged. */
export function ownClass(type: unknown): unknown {
  const { prototype } = Object(type) as { readonly prototype?: unknown };
  return typeof prototype === 'object' && prototype !== null && Object.hasOwn(prototype, mark)
    ? MessagingError
    : type;
}

/** Needed because a program in JavaScript can create an error with a code that is not in the table. */
function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCodes, code);
}

function descriptionOf(code: ErrorCode): ErrorDescription {
  return errorCodes[isErrorCode(code) ? code : 'handler-failed'];
}

/** The WebSocket close code of a session that the server itself ends for this reason, such as a violation of the protocol. */
export function closeCodeOf(code: ErrorCode): number {
  const { class: type, closes } = descriptionOf(code);
  return closes ?? closeCodeOfClass[type];
}
