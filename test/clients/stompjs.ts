// Steps with @stomp/stompjs that tests of several transports share.
import type { Client, IMessage } from '@stomp/stompjs';

/** Activates a client. Resolves when it is connected. */
export function activate(client: Client): Promise<void> {
  return new Promise((resolve) => {
    client.onConnect = () => resolve();
    client.activate();
  });
}

/**
 * Resolves when the server has processed everything that the client has sent.
 *
 * @param send sends a frame that requests the given receipt
 */
export function receipt(client: Client, send: (receipt: string) => void): Promise<void> {
  const id = `r${Math.random()}`;
  return new Promise((resolve) => {
    client.watchForReceipt(id, () => resolve());
    send(id);
  });
}

/** Sends a frame without subscribers, and resolves with its receipt. */
export function roundTrip(client: Client): Promise<void> {
  return receipt(client, (id) =>
    client.publish({ destination: '/topic/other', body: '', headers: { receipt: id } }),
  );
}

/** Sends 1,000 messages to a topic. Resolves when as many have arrived and the server has sent its receipt. */
export async function exchangeThousand(client: Client) {
  const destination = '/topic/numbers';
  const sent = Array.from({ length: 1000 }, (_, i) => `${i} é % < \u2028`);
  const received: string[] = [];
  let complete = () => {};
  const all = new Promise<void>((resolve) => (complete = resolve));
  const onMessage = ({ body }: IMessage) => {
    if (received.push(body) === sent.length) complete();
  };
  await receipt(client, (id) => client.subscribe(destination, onMessage, { receipt: id }));
  for (const body of sent) client.publish({ destination, body });
  await roundTrip(client);
  await all;
  return { sent, received };
}
