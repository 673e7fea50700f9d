// The contract between octets and values, and the choice of a converter by content type.
import { MessagingError } from '../message/error.js';
import type { Message } from '../message/message.js';
import type { StandardSchema } from './validation.js';

export type Constructor<T = object> = new (...args: never[]) => T;

/** What a handler wants of a payload. */
export type PayloadType =
  | { readonly kind: 'any' }
  | { readonly kind: 'text' }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'class'; readonly type: Constructor }
  | { readonly kind: 'schema'; readonly schema: StandardSchema };
