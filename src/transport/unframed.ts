// The framing of transports that carry frames as they are.
import type { EncodedFrame, Framing } from '../message/encoded-frame.js';

export const unframed: Framing = { frame: ({ bytes }: EncodedFrame) => bytes };
