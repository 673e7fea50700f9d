// The codec of the JSON protocol: one JSON object in each WebSocket message, or on each line of a byte stream.
import type { WireCodec } from '../codec.js';
import { JsonDecoder } from './decoder.js';
import { JsonEncoder } from './encoder.js';

const openingBrace = 0x7b;

const encoder = new JsonEncoder();

/** The JSON protocol, for the option `codecs`. */
export const jsonCodec: WireCodec = {
  name: 'json',
  subprotocols: ['v1.json.signalbox'],
  hasNonFatalErrors: true,
  begins: (firstByte) => firstByte === openingBrace,
  decoder: (limits, messages) => new JsonDecoder(limits, messages),
  encoder: () => encoder,
};
