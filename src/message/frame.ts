// The frames of clients and servers, independent of the wire protocol.
import type { ErrorCode, FieldProblem, MessagingError } from './error.js';
import type { Headers, Message, RepeatedHeaders } from './message.js';

/** `auto`: acknowledged when sent; `client`: cumulative; `client-individual`: one by one (STOMP 1.2, SUBSCRIBE "ack"). */
export type AckMode = 'auto' | 'client' | 'client-individual';

/**
 * The intervals in which one side can send heart-beats and asks to receive them, in milliseconds; 0 for never (STOMP 1.2,
 * "Heart-beating").
 */
export type HeartbeatPair = readonly [canSend: number, wantsToReceive: number];

/** A client frame that can request a receipt. */
interface Receiptable {
  /** The id of the receipt that the client requested. */
  readonly receipt?: string | undefined;
}

/** Opens a session (STOMP: CONNECT or STOMP). */
export interface ConnectFrame {
  readonly kind: 'connect';
  /** True when the server made this CONNECT: the client began with another frame, or has opened a WebSocket handler. */
  readonly implicit?: boolean | undefined;
  /** The virtual host that the client names; undefined when it names none. */
  readonly host?: string | undefined;
  /** The user name for authentication; undefined when the client sends none. */
  readonly login?: string | undefined;
  /** The password for authentication; undefined when the client sends none. */
  readonly passcode?: string | undefined;
  /** The heart-beat intervals that the client offers. */
  readonly heartbeat: HeartbeatPair;
  /** All headers of the frame. */
  readonly headers: Headers;
}

/** Sends a message to a handler, a topic or a queue. */
export interface SendFrame extends Receiptable {
  readonly kind: 'send';
  /** The destination, the headers except those that only the server sets, and the body. */
  readonly message: Message;
  /** The transaction that contains the frame; undefined outside of transactions. */
  readonly transaction?: string | undefined;
}

/** Opens a subscription. */
export interface SubscribeFrame extends Receiptable {
  readonly kind: 'subscribe';
  /** Unique in its session. The codec creates an id for STOMP 1.0 clients that send none. */
  readonly id: string;
  /** A destination or a pattern. */
  readonly destination: string;
  /** How the client acknowledges messages. */
  readonly ack: AckMode;
  /** All headers of the frame. */
  readonly headers: Headers;
  /** Absent when no header is repeated. */
  readonly repeatedHeaders?: RepeatedHeaders | undefined;
}

/** Ends a subscription. */
export interface UnsubscribeFrame extends Receiptable {
  readonly kind: 'unsubscribe';
  /** Absent when a STOMP 1.0 client names the destination instead. */
  readonly id?: string | undefined;
  /** The destination of the subscription, for STOMP 1.0 clients that send no id. */
  readonly destination?: string | undefined;
}

/** Acknowledges a delivery (ACK) or refuses it (NACK). */
export interface SettleFrame extends Receiptable {
  readonly kind: 'ack' | 'nack';
  /** The `ack` mark of the delivery. The header depends on the protocol version. */
  readonly id: string;
  /** Sent by STOMP 1.1 together with the message id. */
  readonly subscription?: string | undefined;
  /** The transaction that contains the frame; undefined outside of transactions. */
  readonly transaction?: string | undefined;
  /** False for a NACK whose message must not be delivered again (RabbitMQ). @default true */
  readonly requeue?: boolean | undefined;
  /** Why the server rejects the frame: a header that STOMP does not define has a value that the decoder cannot read. */
  readonly refusal?: MessagingError | undefined;
}

/** Begins, commits or aborts a transaction. */
export interface TransactionFrame extends Receiptable {
  readonly kind: 'begin' | 'commit' | 'abort';
  /** Id of the transaction, unique among the open ones of the session. */
  readonly transaction: string;
}

/** Ends the session. */
export interface DisconnectFrame extends Receiptable {
  readonly kind: 'disconnect';
}

/** A frame that a client sends. */
export type ClientFrame =
  | ConnectFrame
  | SendFrame
  | SubscribeFrame
  | UnsubscribeFrame
  | SettleFrame
  | TransactionFrame
  | DisconnectFrame;

/** Accepts a session (STOMP: CONNECTED). */
export interface ConnectedFrame {
  readonly kind: 'connected';
  /** Id of the session. */
  readonly session: string;
  /** Name and version of the server, such as `signalbox/1.0.0`. */
  readonly server: string;
  /** The heart-beat intervals of the server. */
  readonly heartbeat: HeartbeatPair;
  /** Name of the user; undefined for an anonymous client. */
  readonly user?: string | undefined;
}

/** Marks of one delivery, which are not part of the message. */
export interface DeliveryMarks {
  /**
   * The id for ACK and NACK; present when the subscription acknowledges. STOMP 1.0 and 1.1 send it as `message-id`, so it is equal
   * to the id of the message where that is unambiguous.
   */
  readonly ack?: string | undefined;
  /** The number of earlier deliveries; absent for the first delivery. */
  readonly redelivered?: number | undefined;
  /** True when the message was published and retained before the subscription began. */
  readonly retained?: boolean | undefined;
  /** Messages of the subscription that were dropped since the last such mark, because the client reads too slowly. */
  readonly dropped?: number | undefined;
}

/** Delivers a message to one subscription. */
export interface MessageFrame {
  readonly kind: 'message';
  /** The id of the subscription that receives it. */
  readonly subscription: string;
  /** Id of the message, the same for all receivers. */
  readonly messageId: string;
  /** Absent without marks, so that equal frames can be one object. */
  readonly marks?: DeliveryMarks | undefined;
  /** The delivered message. */
  readonly message: Message;
}

/** Confirms that a client frame was processed. */
export interface ReceiptFrame {
  readonly kind: 'receipt';
  /** Id of the receipt that the client requested. */
  readonly receipt: string;
}

/** The report of a failed frame for its client. Never contains a stack or the payload. */
export interface Problem {
  /** The stable code of the error. */
  readonly code: ErrorCode;
  /** One sentence that describes the problem. */
  readonly message: string;
  /** A longer explanation, for people. */
  readonly detail?: string | undefined;
  /** The destination of the failed frame. */
  readonly destination?: string | undefined;
  /** The receipt that the failed frame requested. */
  readonly receipt?: string | undefined;
  /** The invalid fields of the payload. */
  readonly fields?: readonly FieldProblem[] | undefined;
}

/** Reports a problem as a frame (STOMP: ERROR). */
export interface ErrorFrame extends Problem {
  readonly kind: 'error';
  /** True when the session ends; always in STOMP. */
  readonly fatal: boolean;
}

/** A frame that the server sends. */
export type ServerFrame = ConnectedFrame | MessageFrame | ReceiptFrame | ErrorFrame;

/** A heart-beat, which only shows that the connection works. */
export interface Heartbeat {
  readonly kind: 'heartbeat';
  /** True when the client asks for a heart-beat of the server. */
  readonly wantsAnswer?: boolean | undefined;
}

/** Input that cannot be decoded; always the last item of a decoder. */
export interface Malformed {
  readonly kind: 'malformed';
  /** The stable code of the error. */
  readonly code: ErrorCode;
  /** One sentence that describes the mistake. */
  readonly message: string;
  /** A longer explanation, for people. */
  readonly detail?: string | undefined;
  /** The receipt that the malformed frame requested, if it could still be read. */
  readonly receipt?: string | undefined;
}
