// An embedded broker with a fault in it: it loses each 10,000th delivery of a topic, so that the program can show that it looks.
import { EmbeddedBroker } from '../../dist/index.js';

const each = 10_000;

/** @param {import('../../dist/index.js').EmbeddedBrokerOptions} options */
export function plantedBroker(options) {
  const broker = new EmbeddedBroker(options);
  let deliveries = 0;
  /** @type {import('../../dist/index.js').Broker} */
  const planted = {
    start: () => broker.start(),
    stop: () => broker.stop(),
    publish: (message) => broker.publish(message),
    connect: (subscriber) =>
      broker.connect({
        id: subscriber.id,
        get busy() {
          return subscriber.busy;
        },
        get gone() {
          return subscriber.gone;
        },
        room: () => subscriber.room(),
        fail: (error) => subscriber.fail(error),
        deliver: (subscription, id, message, marks) =>
          marks === undefined && ++deliveries % each === 0
            ? true
            : subscriber.deliver(subscription, id, message, marks),
      }),
  };
  return planted;
}
