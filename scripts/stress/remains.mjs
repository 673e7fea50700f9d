// What a server holds for each session, and must hold no more when they have all left.
import { queryObjects } from 'node:v8';

/** By its file in the built package, what is made for a session or a subscription. */
const fleeting = {
  'session/client-session.js': 'ClientSession',
  'transport/tcp.js': 'TcpConnection',
  'broker/subscriber.js': 'SessionSubscriber',
  'broker/embedded/embedded-connection.js': 'EmbeddedConnection',
  'broker/embedded/queue/consumer.js': 'Consumer',
};

/**
 * A sentence for each kind of which something is left in memory.
 *
 * @returns {Promise<readonly string[]>}
 */
export async function remains() {
  const sentences = [];
  for (const [file, name] of Object.entries(fleeting)) {
    const { [name]: type } = await import(`../../dist/${file}`);
    const count = Number(queryObjects(type));
    if (count > 0) sentences.push(`${count} of ${name} are left in memory.`);
  }
  return sentences;
}
