// The default wire protocols and payload converters; a new one is one entry here.
import { bytes } from '../payload/bytes.js';
import type { PayloadConverter } from '../payload/converter.js';
import { json as jsonPayload } from '../payload/json.js';
import { text } from '../payload/text.js';
import type { WireCodec } from '../wire/codec.js';
import { jsonCodec } from '../wire/json/codec.js';
import { stompCodec } from '../wire/stomp/codec.js';

export const defaultCodecs: readonly WireCodec[] = [stompCodec, jsonCodec];

/** JSON first: most payloads are objects. */
export const defaultConverters: readonly PayloadConverter[] = [jsonPayload, text, bytes];
