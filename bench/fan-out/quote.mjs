// The payload of every contestant: 150 bytes of JSON, and the STOMP MESSAGE that contains them.

export const destination = '/topic/quotes';

export const quote = {
  symbol: 'SGNL',
  exchange: 'XETRA',
  currency: 'EUR',
  bid: 187.41,
  ask: 187.44,
  last: 187.42,
  volume: 1204875,
  at: '2025-06-02T09:30:00.125Z',
  lot: 1,
};

export const json = JSON.stringify(quote);

/** As long as the frames of signalbox: the same headers, an id of the usual length. */
export const stompMessage = Buffer.from(
  `MESSAGE\nsubscription:sub-0\nmessage-id:0f3c9a1e-7ps\ndestination:${destination}\n` +
    `content-type:application/json\ncontent-length:${json.length}\n\n${json}\0`,
);
