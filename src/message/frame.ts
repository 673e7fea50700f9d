// What client and server may say to each other, in no wire protocol's words.
import type { ErrorCode, FieldProblem } from './error.js';
import type { Headers, Message } from './message.js';

/** `auto`: settled when sent; `client`: cumulative; `client-individual`: one by one (STOMP 1.2, SUBSCRIBE "ack"). */
export type AckMode = 'auto' | 'client' | 'client-individual';

/** What one side can send and wants to receive, in milliseconds; 0 is never (STOMP 1.2, "Heart-beating"). */
export type HeartbeatPair = readonly [canSend: number, wantsToReceive: number];

interface Receiptable {
  /** The id of the receipt that the client asked for. */
  readonly receipt?: string | undefined;
}

export interface ConnectFrame {
  readonly kind: 'connect';
  /** Whether the client did not say it: its protocol takes another first frame for it, unless a client must say who it is. */
  readonly implicit?: boolean | undefined;
  readonly host?: string | undefined;
  readonly login?: string | undefined;
  readonly passcode?: string | undefined;
  readonly heartbeat: HeartbeatPair;
  readonly headers: Headers;
}

export interface SendFrame extends Receiptable {
  readonly kind: 'send';
  /** Destination, headers without those that the server owns, and the octets. */
  readonly message: Message;
  readonly transaction?: string | undefined;
}

export interface SubscribeFrame extends Receiptable {
  readonly kind: 'subscribe';
  /** Unique in its session. For a STOMP 1.0 client that gave none the codec makes one. */
  readonly id: string;
  readonly destination: string;
  readonly ack: AckMode;
  readonly headers: Headers;
}

export interface UnsubscribeFrame extends Receiptable {
  readonly kind: 'unsubscribe';
  /** STOMP 1.0 may name the destination in its place. */
  readonly id?: string | undefined;
  readonly destination?: string | undefined;
}

export interface SettleFrame extends Receiptable {
  readonly kind: 'ack' | 'nack';
  /** The `ack` of the MESSAGE, however the client's version names it. */
  readonly id: string;
  /** Named by STOMP 1.1 beside the message id. */
  readonly subscription?: string | undefined;
  readonly transaction?: string | undefined;
}

export interface TransactionFrame extends Receiptable {
  readonly kind: 'begin' | 'commit' | 'abort';
  readonly transaction: string;
}

export interface DisconnectFrame extends Receiptable {
  readonly kind: 'disconnect';
}

export type ClientFrame =
  | ConnectFrame
  | SendFrame
  | SubscribeFrame
  | UnsubscribeFrame
  | SettleFrame
  | TransactionFrame
  | DisconnectFrame;

export interface ConnectedFrame {
  readonly kind: 'connected';
  readonly session: string;
  readonly server: string;
  readonly heartbeat: HeartbeatPair;
  readonly user?: string | undefined;
}

/** What is true of one delivery alone, and not of the message. */
export interface DeliveryMarks {
  /** What ACK and NACK name; present when the subscription asked for acknowledgement. */
  readonly ack?: string | undefined;
  /** How often it was delivered before; absent the first time. */
  readonly redelivered?: number | undefined;
  /** Whether it was published before the subscription began, and kept. */
  readonly retained?: boolean | undefined;
  /** How many messages of the subscription were left out since the last that told, as the client reads too slowly. */
  readonly dropped?: number | undefined;
}

export interface MessageFrame {
  readonly kind: 'message';
  /** The id of the subscription that it answers. */
  readonly subscription: string;
  readonly messageId: string;
  /** Absent where nothing is to be said, so that equal frames can be one. */
  readonly marks?: DeliveryMarks | undefined;
  readonly message: Message;
}

export interface ReceiptFrame {
  readonly kind: 'receipt';
  readonly receipt: string;
}

/** What a client is told when something of its failed: never a stack, never the payload. */
export interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  /** More than fits in a line, for a human. */
  readonly detail?: string | undefined;
  /** Where the failed frame was to go. */
  readonly destination?: string | undefined;
  /** The receipt that the failed frame asked for. */
  readonly receipt?: string | undefined;
  /** What is wrong with the payload, field by field. */
  readonly fields?: readonly FieldProblem[] | undefined;
}

export interface ErrorFrame extends Problem {
  readonly kind: 'error';
  /** Whether the session ends with it; in STOMP always. */
  readonly fatal: boolean;
}

export type ServerFrame = ConnectedFrame | MessageFrame | ReceiptFrame | ErrorFrame;

/** A life sign that carries nothing else. */
export interface Heartbeat {
  readonly kind: 'heartbeat';
  /** Whether the client asks for one of ours. */
  readonly wantsAnswer?: boolean | undefined;
}

/** What could not be read; the last thing that a decoder yields. */
export interface Malformed {
  readonly kind: 'malformed';
  readonly code: ErrorCode;
  readonly message: string;
  readonly detail?: string | undefined;
  /** The receipt that the broken frame asked for, where it could still be read. */
  readonly receipt?: string | undefined;
}
