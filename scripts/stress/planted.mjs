// An embedded broker with a fault: it loses every 100th delivery of a topic, so that a test can check that the stress program reports it.
import { EmbeddedBroker } from '../../dist/index.js';

const interval = 100;

let lost = 0;

/** Number of deliveries that planted brokers have lost. */
export function lostDeliveries() {
  return lost;
}

/** @param {import('../../dist/index.js').EmbeddedBrokerOptions} options */
export function plantedBroker(options) {
  const broker = new EmbeddedBroker(options);
  let deliveries = 0;
  /** @type {import('../../dist/index.js').Broker} */
  const planted = {
    start: (context) => broker.start(context),
    stop: () => broker.stop(),
    publish: (publication) => broker.publish(publication),
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
        deliver: (subscription, publication, marks) =>
          marks === undefined && ++deliveries % interval === 0
            ? ++lost > 0
            : subscriber.deliver(subscription, publication, marks),
      }),
  };
  return planted;
}
