// The bytes of a stored message.
import { expect, it } from 'vitest';
import { readMessage, writeMessage } from '../../../../src/broker/embedded/store/stored-record.js';

const headers = new Map([
  ['persistent', 'true'],
  ['tag', 'a'],
]);

it.each([
  ['once', { headers }],
  ['repeatedly', { headers, repeatedHeaders: new Map([['tag', ['b', 'c']]]) }],
])('a message whose headers occur %s is read as it was written', (_name, given) => {
  const message = { destination: '/queue/x', ...given, body: Buffer.from('body') };
  const stored = { sequence: 7, id: 'm-1', message };
  expect(readMessage(7, writeMessage(stored))).toEqual(stored);
});
