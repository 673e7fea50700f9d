// sockjs(): the arguments of the SockJS class, and bytes that are sent as text.
import { expect, it } from 'vitest';
import { sockjs } from '../../src/client.js';
import { fakeClass } from './fake-socket.js';

it('passes an HTTP URL and the options to the class', () => {
  const { Socket, sockets } = fakeClass();
  const sockjsOptions = { transports: ['xhr-polling'] };
  sockjs('wss://example.org/ws', { SockJS: Socket, sockjsOptions })();
  expect(sockets[0]).toMatchObject({ url: 'https://example.org/ws', options: sockjsOptions });
});

it('sends bytes as text', () => {
  const { Socket, sockets } = fakeClass();
  const socket = sockjs('http://example.org/ws', { SockJS: Socket })();
  socket.send('text');
  socket.send(new TextEncoder().encode('\uFEFFé\n'));
  socket.send(new TextEncoder().encode('buffer').buffer);
  expect(sockets[0]!.sent).toEqual(['text', '\uFEFFé\n', 'buffer']);
});

it('refuses bytes that are not UTF-8', () => {
  const { Socket, sockets } = fakeClass();
  const socket = sockjs('http://example.org/ws', { SockJS: Socket })();
  expect(() => socket.send(Uint8Array.of(0xff))).toThrow(TypeError);
  expect(sockets[0]!.sent).toEqual([]);
});
