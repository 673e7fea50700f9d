// The JSON protocol as a wire protocol of the server's: one JSON object a message, one a line where there are no messages.
import type { WireCodec } from '../codec.js';
import { JsonDecoder } from './decoder.js';
import { JsonEncoder } from './encoder.js';

const openingBrace = 0x7b;
const encoder = new JsonEncoder();

export const jsonCodec: WireCodec = {
  name: 'json',
  subprotocols: ['v1.json.signalbox'],
  errorsMayPass: true,
  begins: (octet) => octet === openingBrace,
  decoder: (limits, messages) => new JsonDecoder(limits, messages),
  encoder: () => encoder,
};
