// The frames of clients and servers, independent of the wire protocol.
import type { ErrorCode, FieldProblem } from './error.js';
import type { Headers, Message, RepeatedHeaders } from './message.js';

/** `auto`: acknowledged when sent; `client`: cumulative; `client-individual`: one by one (STOMP 1.2, SUBSCRIBE "ack"). */
export type AckMode = 'auto' | 'client' | 'client-individual';

/** The intervals in which one side can send and wants to receive, in milliseconds; 0 for never (STOMP 1.2, "Heart-beating"). */
export type HeartbeatPair = readonly [canSend: number, wantsToReceive: number];

interface Receiptable {
  /** The id of the receipt that the client requested. */
  readonly receipt?: string | undefined;
}

export interface ConnectFrame {
  readonly kind: 'connect';
  /** True when the decoder inserted this CONNECT because the client began with another frame. */
  readonly implicit?: boolean | undefined;
  readonly host?: string | undefined;
  readonly login?: string | undefined;
  readonly passcode?: string | undefined;
  readonly heartbeat: HeartbeatPair;
  readonly headers: Headers;
}

export interface SendFrame extends Receiptable {
  readonly kind: 'send';
  /** The destination, the headers without those that the server owns, and the body. */
  readonly message: Message;
  readonly transaction?: string | undefined;
}

export interface SubscribeFrame extends Receiptable {
  readonly kind: 'subscribe';
  /** Unique in its session. The codec makes one for STOMP 1.0 clients that send none. */
  readonly id: string;
  readonly destination: string;
  readonly ack: AckMode;
  readonly headers: Headers;
  /** Absent when no header is repeated. */
  readonly repeatedHeaders?: RepeatedHeaders | undefined;
}

export interface UnsubscribeFrame extends Receiptable {
  readonly kind: 'unsubscribe';
  /** Absent when a STOMP 1.0 client names the destination instead. */
  readonly id?: string | undefined;
  readonly destination?: string | undefined;
}

export interface SettleFrame extends Receiptable {
  readonly kind: 'ack' | 'nack';
  /** The `ack` mark of the delivery, whatever header the protocol version uses for it. */
  readonly id: string;
  /** Sent by STOMP 1.1 together with the message id. */
  readonly subscription?: string | undefined;
  readonly transaction?: string | undefined;
  /** False for a NACK whose message must not be delivered again (RabbitMQ). @default true */
  readonly requeue?: boolean | undefined;
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

/** Marks of one delivery, which are not part of the message. */
export interface DeliveryMarks {
  /**
   * The id for ACK and NACK; present when the subscription acknowledges. STOMP 1.0 and 1.1 send it as `message-id`, so it is the id
   * of the message wherever that is unambiguous.
   */
  readonly ack?: string | undefined;
  /** The number of earlier deliveries; absent for the first delivery. */
  readonly redelivered?: number | undefined;
  /** True when the message was published and retained before the subscription began. */
  readonly retained?: boolean | undefined;
  /** Messages of the subscription that were dropped since the last such mark, because the client reads too slowly. */
  readonly dropped?: number | undefined;
}

export interface MessageFrame {
  readonly kind: 'message';
  /** The id of the subscription that receives it. */
  readonly subscription: string;
  readonly messageId: string;
  /** Absent without marks, so that equal frames can be one object. */
  readonly marks?: DeliveryMarks | undefined;
  readonly message: Message;
}

export interface ReceiptFrame {
  readonly kind: 'receipt';
  readonly receipt: string;
}

/** The report of a failed frame for its client. Never contains a stack or the payload. */
export interface Problem {
  readonly code: ErrorCode;
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

export interface ErrorFrame extends Problem {
  readonly kind: 'error';
  /** True when the session ends; always in STOMP. */
  readonly fatal: boolean;
}

export type ServerFrame = ConnectedFrame | MessageFrame | ReceiptFrame | ErrorFrame;

/** A frame that only shows that the connection is alive. */
export interface Heartbeat {
  readonly kind: 'heartbeat';
  /** True when the client asks for a heart-beat of the server. */
  readonly wantsAnswer?: boolean | undefined;
}

/** Input that cannot be decoded; always the last item of a decoder. */
export interface Malformed {
  readonly kind: 'malformed';
  readonly code: ErrorCode;
  readonly message: string;
  readonly detail?: string | undefined;
  /** The receipt that the malformed frame requested, if it could still be read. */
  readonly receipt?: string | undefined;
}
