// The publisher: values to messages, each to where its target says.
import { describe, expect, it } from 'vitest';
import type { Broker } from '../../src/broker/broker.js';
import { BrokerPublisher } from '../../src/broker/publisher.js';
import { ReplyAddresses } from '../../src/broker/reply-address.js';
import type { Recipient } from '../../src/broker/subscriber.js';
import { sessionQueue, UserDestinations } from '../../src/broker/user-destination.js';
import { randomIds } from '../../src/message/ids.js';
import type { ServerFrame } from '../../src/message/frame.js';
import { noHeaders, type Message } from '../../src/message/message.js';
import { Payloads } from '../../src/payload/converter.js';
import { defaultConverters } from '../../src/server/defaults.js';
import type { Session } from '../../src/session/session.js';

function publisher() {
  const published: Message[] = [];
  const sent: ServerFrame[] = [];
  const session = {
    id: 's1',
    outbox: { send: (frame: ServerFrame) => sent.push(frame) > 0 },
  } as unknown as Session & Recipient;
  const broker = {
    publish: (message: Message) => void published.push(message),
  } as unknown as Broker;
  const subject = new BrokerPublisher({
    broker,
    payloads: new Payloads(defaultConverters),
    recipients: {
      get: (id) => (id === 's1' ? session : undefined),
      ofUser: (user) => (user === 'ann' ? [session, { ...session, id: 's2' }] : []),
    },
    users: new UserDestinations('/user'),
    replies: new ReplyAddresses(() => 'x', 8),
    ids: randomIds(),
    serves: (destination) => destination.startsWith('/topic/'),
  });
  return { subject, published, sent };
}

const summary = ({ destination, headers, body }: Message) => [
  destination,
  headers.get('content-type'),
  Buffer.from(body).toString(),
];

describe('the publisher', () => {
  it('writes a value as its kind says', async () => {
    const { subject, published } = publisher();
    await subject.publish('/topic/x', { a: 1 });
    await subject.publish('/topic/x', 'text');
    await subject.publish('/topic/x', Buffer.from('octets'));
    expect(published.map(summary)).toEqual([
      ['/topic/x', 'application/json', '{"a":1}'],
      ['/topic/x', 'text/plain;charset=UTF-8', 'text'],
      ['/topic/x', 'application/octet-stream', 'octets'],
    ]);
  });

  it('reaches every session of a user, by method or by destination, and one session', async () => {
    const { subject, published } = publisher();
    await subject.publishToUser('ann', '/queue/x', 1);
    await subject.publish('/user/ann/queue/x', 2);
    await subject.publishToSession('s9', '/queue/x', 3);
    await subject.publishToUser('nobody', '/queue/x', 4);
    expect(published.map(({ destination }) => destination)).toEqual(
      ['s1', 's2', 's1', 's2', 's9'].map((id) => sessionQueue(id, '/queue/x')),
    );
  });

  it('answers one subscription past the broker, and nobody who has left', async () => {
    const { subject, published, sent } = publisher();
    const answer = { kind: 'subscription', subscription: '7', destination: '/app/x' } as const;
    await subject.publishTo([{ ...answer, session: 's1' }], 'hi');
    await subject.publishTo([{ ...answer, session: 'gone' }], 'hi');
    expect(published).toEqual([]);
    expect(sent).toMatchObject([
      { kind: 'message', subscription: '7', message: { destination: '/app/x' } },
    ]);
  });

  it('hands on a client’s message as it is, under another destination', async () => {
    const { subject, published } = publisher();
    const message = {
      destination: '/user/ann/queue/x',
      headers: noHeaders,
      body: Buffer.from('x'),
    };
    await subject.hand(subject.forwarded('ann', '/queue/x', message));
    expect(published).toMatchObject([{ body: message.body }, { body: message.body }]);
  });

  it.each([
    ['destination-invalid', '/nowhere', 1, {}],
    ['payload-unwritable', '/topic/x', () => {}, {}],
    ['payload-unwritable', '/topic/x', 1, { headers: { a: 'b\0c' } }],
    ['payload-unwritable', '/topic/x', 1, { headers: { a: 1 as unknown as string } }],
  ])('refuses with %s', async (code, destination, value, options) => {
    const { subject, published } = publisher();
    await expect(subject.publish(destination, value, options)).rejects.toMatchObject({ code });
    expect(published).toEqual([]);
  });
});
