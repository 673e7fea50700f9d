// The parts of an application that examples in docstrings use without declaring them.
import type * as stompjs from '@stomp/stompjs';
import type { Invocation, PayloadConverter, Server, Transport, WebSocketSession } from 'signalbox';
import type { SockJsClass } from 'signalbox/client';
import type { TestServer } from 'signalbox/testing';
import type {} from 'signalbox/testing/vitest';
import type { TransportClient } from 'signalbox/testing/conformance';
import type * as vitest from 'vitest';
import type { z as zod } from 'zod';

declare global {
  // Classes of the application.
  class ExampleController {
    readonly rooms: { members(room: string): readonly string[] };
    readonly exchange: { next(options: { signal: AbortSignal }): Promise<number> };
  }
  class ChatController {
    say(message: ChatMessage): ChatMessage;
  }
  class ChatMessage {
    readonly text: string;
  }
  class ChatHistory {
    all(): readonly ChatMessage[];
  }
  class EchoHandler {
    message(session: WebSocketSession, data: string | Uint8Array): void;
  }
  class Order {
    readonly id: string;
  }
  class RoomClosed extends Error {}
  enum Color {
    red = 'red',
  }

  // Its functions and values.
  const orderSchema: zod.ZodType<Order>;
  const server: Server;
  const app: TestServer;
  const fakeHistory: ChatHistory;
  const csvConverter: PayloadConverter;
  function cookieOf(invocation: Invocation, name: string): string | undefined;
  function parseCsv(body: Uint8Array): readonly string[][];
  function formatCsv(value: unknown): Uint8Array;
  function pipeTransport(): Transport;
  function connectPipe(transport: Transport): Promise<TransportClient>;

  const token: string;

  // Its libraries.
  const Client: typeof stompjs.Client;
  const SockJS: SockJsClass;
  const socket: { write(bytes: Uint8Array | string): void };
  const express: {
    get(
      path: string,
      handler: (request: unknown, response: { json(body: unknown): void }) => void,
    ): void;
  };
  const z: typeof zod;
  const it: typeof vitest.it;
  const expect: typeof vitest.expect;
}
