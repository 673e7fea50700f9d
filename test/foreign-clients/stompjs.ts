// Checks the features of the server with @stomp/stompjs, in Node or in a page, and returns a line for each one that works.

import type { Client, IMessage } from '@stomp/stompjs';

/** Uses no other declarations of this module, because a test sends the source text of this function to a page. */
export async function checkStompjs(
  StompClient: typeof Client,
  webSocketFactory: () => WebSocket,
  queue: string,
): Promise<readonly string[]> {
  const lines: string[] = [];
  const client = new StompClient({ webSocketFactory, reconnectDelay: 0 });
  client.heartbeatIncoming = 3000;
  client.heartbeatOutgoing = 3000;
  const messages: IMessage[] = [];
  let arrived = () => {};
  let receipts = 0;
  let lost = false;
  client.onWebSocketClose = () => (lost = true);

  const connect = (passcode: string) =>
    new Promise<string>((resolve) => {
      client.connectHeaders = { login: 'guest', passcode };
      client.onConnect = (frame) => resolve(`connected ${frame.headers['version']}`);
      client.onStompError = () => resolve('refused');
      client.activate();
    });
  const withReceipt = (sendFrame: (headers: { receipt: string }) => void) =>
    new Promise<void>((resolve) => {
      const receipt = `r${++receipts}`;
      client.watchForReceipt(receipt, () => resolve());
      sendFrame({ receipt });
    });
  const send = (body: string, headers: Readonly<Record<string, string>> = {}) =>
    withReceipt((more) =>
      client.publish({ destination: queue, body, headers: { ...headers, ...more } }),
    );
  const next = async (body: string) => {
    while (messages.length === 0) await new Promise<void>((resolve) => (arrived = resolve));
    const message = messages.shift()!;
    if (message.body !== body) throw new Error(`Received ${message.body.slice(0, 40)} instead.`);
    return message;
  };

  lines.push(await connect('wrong'));
  await client.deactivate();
  lines.push(await connect('guest'));
  lost = false;
  await withReceipt((headers) =>
    client.subscribe(
      queue,
      (message) => {
        messages.push(message);
        arrived();
      },
      { ack: 'client-individual', ...headers },
    ),
  );
  await send('one');
  lines.push('receipt');
  const first = await next('one');
  await withReceipt((headers) => first.ack(headers));
  lines.push('ack');
  await send('two');
  (await next('two')).nack();
  const again = await next('two');
  if (again.headers['redelivered'] !== 'true')
    throw new Error('The redelivered message has no `redelivered` header.');
  await withReceipt((headers) => again.ack(headers));
  lines.push('nack');

  const aborted = client.begin();
  await send('never', { transaction: aborted.id });
  aborted.abort();
  const committed = client.begin();
  await send('first', { transaction: committed.id });
  await send('second', { transaction: committed.id });
  committed.commit();
  (await next('first')).ack();
  (await next('second')).ack();
  lines.push('transaction');

  // Longer than twice the heart-beat interval, after which the server or the client would close a silent connection.
  await new Promise((resolve) => setTimeout(resolve, 7500));
  if (lost) throw new Error('The connection was lost while no frames were sent.');
  lines.push('heart-beats');
  const large = 'x'.repeat(1024 * 1024);
  await send(large);
  (await next(large)).ack();
  lines.push('a body of 1 MiB');
  await client.deactivate();
  lines.push('disconnected');
  return lines;
}
