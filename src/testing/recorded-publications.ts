// Everything that was published in a test, and the sessions that received it.
import type { DeliveryHook } from '../broker/subscriber.js';
import type { PublicationHook } from '../broker/publisher.js';
import type { Publication } from '../broker/publication.js';
import type { Message } from '../message/message.js';

export interface RecordedPublication {
  readonly message: Message;
  /** The session whose queue it was published to. */
  readonly session: string | undefined;
  /** The session whose client published it past the handlers; undefined for the application. */
  readonly by: string | undefined;
  /** The sessions that received it, once for each subscription. */
  readonly to: string[];
}

export class RecordedPublications {
  readonly all: RecordedPublication[] = [];
  readonly #records = new Map<Publication, RecordedPublication[]>();

  /** Records a publication; removes it when the broker refuses it. */
  readonly onPublication: PublicationHook = (publication, address) => {
    const { message, origin: by } = publication;
    const session = address.kind === 'session' ? address.session : undefined;
    const record = { message, session, by, to: [] };
    this.all.push(record);
    const records = this.#records.get(publication) ?? [];
    this.#records.set(publication, [...records, record]);
    return (refusal) => {
      if (refusal !== undefined) this.all.splice(this.all.indexOf(record), 1);
    };
  };

  readonly onDelivery: DeliveryHook = (publication, session) => {
    const records = this.#records.get(publication) ?? [];
    const record = records.find((each) => each.session === session) ?? records[0];
    record?.to.push(session);
    return undefined;
  };
}
