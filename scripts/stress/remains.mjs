// Finds objects of sessions and subscriptions that are still in memory after all sessions have ended.
import { queryObjects } from 'node:v8';

/** Classes with an instance for each session or subscription, by file in the built package. */
const classes = {
  'session/client-session.js': 'ClientSession',
  'transport/tcp.js': 'TcpConnection',
  'broker/subscriber.js': 'SessionSubscriber',
  'broker/embedded/embedded-connection.js': 'EmbeddedConnection',
  'broker/embedded/queue/consumer.js': 'Consumer',
};

/**
 * Returns a sentence for each class that has instances in memory.
 *
 * @returns {Promise<readonly string[]>}
 */
export async function remains() {
  const sentences = [];
  for (const [file, name] of Object.entries(classes)) {
    const { [name]: type } = await import(`../../dist/${file}`);
    const count = Number(queryObjects(type));
    if (count > 0) sentences.push(`${count} instances of ${name} remain in memory.`);
  }
  return sentences;
}
