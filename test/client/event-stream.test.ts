// The parser of Server-Sent Events: fields, line ends, and parts that end anywhere.
import { describe, expect, it } from 'vitest';
import { eventStreamParser, type StreamEvent } from '../../src/client/event-stream.js';

function parse(...parts: string[]): StreamEvent[] {
  const events: StreamEvent[] = [];
  const push = eventStreamParser((event) => events.push(event));
  for (const part of parts) push(part);
  return events;
}

const data = (text: string) => parse(text).map((event) => event.data);

describe('an event', () => {
  it('has type, id and data', () => {
    expect(parse('event: open\nid: a.0\ndata: {"x":1}\n\n')).toEqual([
      { type: 'open', id: 'a.0', data: '{"x":1}' },
    ]);
  });

  it('without a type is a message, also after one with a type', () => {
    const types = parse('event: x\ndata: 1\n\ndata: 2\n\n').map(({ type }) => type);
    expect(types).toEqual(['x', 'message']);
  });

  it('has the id of an earlier event if it has none', () => {
    const ids = parse('id: 7\ndata: 1\n\ndata: 2\n\nid\ndata: 3\n\n').map(({ id }) => id);
    expect(ids).toEqual(['7', '7', '']);
  });

  it('ignores an id with NUL', () => {
    expect(parse('id: 7\nid: a\0b\ndata: 1\n\n')[0]!.id).toBe('7');
  });

  it('joins its data with line feeds', () => {
    expect(data('data: a\ndata\ndata:\ndata: b\n\n')).toEqual(['a\n\n\nb']);
  });

  it('loses one space after the colon', () => {
    expect(data('data:a\n\ndata:  b \n\ndata: c:d\n\n')).toEqual(['a', ' b ', 'c:d']);
  });

  it('ignores comments and unknown fields', () => {
    expect(data(':\n\n: x\nretry: 5\nDATA: x\ndata : x\nother\ndata: a\n\n')).toEqual(['a']);
  });

  it('does not exist without data', () => {
    expect(parse('event: x\nid: 1\n\n\n\n')).toEqual([]);
  });

  it('does not exist before its last line end', () => {
    expect(parse('data: a\n')).toEqual([]);
  });
});

describe('lines', () => {
  const expected = ['a', 'b\nc', 'd'];

  it.each(['\n', '\r', '\r\n'])('end with %j', (end) => {
    expect(data(['data: a', '', 'data: b', 'data: c', '', 'data: d', '', ''].join(end))).toEqual(
      expected,
    );
  });

  it('end with different characters in one stream', () => {
    expect(data('data: a\r\r\ndata: b\ndata: c\r\n\ndata: d\n\r')).toEqual(expected);
  });
});

it('the parts of a stream may end at any character', () => {
  const stream = 'id: 1\r\ndata: a\r\n\r\n:\r\revent: x\ndata: b\n\rdata: c\r\ndata: d\r\n\n';
  const whole = parse(stream);
  expect(whole.map((event) => event.data)).toEqual(['a', 'b', 'c\nd']);
  for (let i = 0; i <= stream.length; i++)
    for (let j = i; j <= stream.length; j++)
      expect(parse(stream.slice(0, i), stream.slice(i, j), stream.slice(j))).toEqual(whole);
});
