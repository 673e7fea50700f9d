// One client on a socket of its own, TCP or TLS: octets as they are, and ends that say no code.
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../message/clock.js';
import { closeCodes } from '../message/error.js';
import { Outlet } from './outlet.js';
import type { Connection, ConnectionListener, Handshake } from './transport.js';
import { unframed } from './unframed.js';

/** Milliseconds that a client may take to end its side when we have ended ours. */
const closeTimeout = 1000;
/** How a lost connection is told of, as where close codes travel (RFC 6455 section 7.1.5). */
const lost = { code: 1006, reason: '' };

export class TcpConnection implements Connection {
  readonly handshake: Handshake;
  readonly framing = unframed;
  readonly messages = false;
  readonly #outlet: Outlet;
  #listener: ConnectionListener | undefined;
  /** What we closed it with; the client sees only that our side ends. */
  #ending: { readonly code: number; readonly reason: string } | undefined;
  #closeTimer: Timer | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly clock: Clock,
  ) {
    this.handshake = handshakeOf(socket);
    this.#outlet = new Outlet(socket, () => this.#listener?.drained());
    socket.on('data', (chunk) => this.#listener?.data(chunk));
    socket.on('end', () => this.#listener?.ended(closeCodes.normal, ''));
    // Its 'close' follows, which says all that matters.
    socket.on('error', () => {});
    socket.on('close', this.#onClose);
  }

  get bufferedBytes(): number {
    return this.#outlet.bufferedBytes;
  }

  listen(listener: ConnectionListener): void {
    this.#listener = listener;
  }

  write(bytes: Uint8Array): void {
    if (this.socket.writable) this.#outlet.write(bytes);
  }

  /** STOMP's own heart-beats are all there is; a machine that is gone is found out by TCP's keep-alive. */
  ping(): boolean {
    return false;
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  close(code: number, reason: string): void {
    if (this.#ending !== undefined) return;
    this.#ending = { code, reason };
    // What a paused reader left unread would make of our last words a reset.
    this.socket.resume();
    this.socket.end();
    this.#closeTimer = this.clock.after(closeTimeout, () => this.terminate());
  }

  terminate(): void {
    this.socket.destroy();
  }

  readonly #onClose = (): void => {
    this.#closeTimer?.cancel();
    const { code, reason } = this.#ending ?? lost;
    this.#listener?.closed(code, reason);
  };
}

function handshakeOf(socket: Socket): Handshake {
  return {
    url: '',
    headers: noHeaders,
    remoteAddress: socket.remoteAddress,
    subprotocol: undefined,
    secure: 'encrypted' in socket,
    principal: undefined,
  };
}

const noHeaders: ReadonlyMap<string, string> = new Map();
