// The requests by which a SockJS client sends messages: where the messages are in a body, and the answers.
import { refusals, type MessageRequests } from '../http-session/body.js';

const form = /^\s*application\/x-www-form-urlencoded\s*(?:;|$)/i;

const failures = {
  ...refusals,
  empty: { status: 500, text: 'Payload expected.' },
  malformed: { status: 500, text: 'Broken JSON encoding.' },
} as const;

export const senders: Readonly<Record<'xhr_send' | 'jsonp_send', MessageRequests>> = {
  xhr_send: {
    json: (body) => body,
    answers: { ...failures, delivered: { status: 204, text: '' } },
  },
  jsonp_send: {
    json: (body, contentType) =>
      form.test(contentType)
        ? Buffer.from(new URLSearchParams(body.toString()).get('d') ?? '')
        : body,
    // Some browsers cannot handle 204 in an iframe.
    answers: { ...failures, delivered: { status: 200, text: 'ok' } },
  },
};
