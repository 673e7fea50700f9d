// Parses a stream of Server-Sent Events.

export interface StreamEvent {
  /** The field `event`; `message` without it. */
  readonly type: string;
  /** The last field `id` of the stream, also if an earlier event contained it. */
  readonly id: string;
  readonly data: string;
}

/**
 * Returns a function that parses the next part of a stream. A part may end at any character.
 *
 * @param onEvent called for each complete event that has data
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export function eventStreamParser(onEvent: (event: StreamEvent) => void): (text: string) => void {
  let unfinishedLine = '';
  let endedWithCarriageReturn = false;
  let type = '';
  let id = '';
  let data: string[] = [];

  const parseLine = (line: string) => {
    if (line === '') {
      const lines = data;
      const event = { type: type || 'message', id, data: lines.join('\n') };
      type = '';
      data = [];
      if (lines.length > 0) onEvent(event);
      return;
    }
    // A comment has an empty name.
    const [, name, value = ''] = /^([^:]*)(?:: ?([^]*))?$/.exec(line)!;
    if (name === 'data') data.push(value);
    else if (name === 'event') type = value;
    else if (name === 'id' && !value.includes('\0')) id = value;
  };

  return (text) => {
    if (text === '') return;
    // A carriage return and a line feed are one line end, also in two parts.
    const part = endedWithCarriageReturn && text.startsWith('\n') ? text.slice(1) : text;
    endedWithCarriageReturn = part === '' ? false : part.endsWith('\r');
    let start = 0;
    for (const { 0: lineEnd, index } of part.matchAll(/\r\n?|\n/g)) {
      const line = unfinishedLine + part.slice(start, index);
      unfinishedLine = '';
      start = index + lineEnd.length;
      parseLine(line);
    }
    unfinishedLine += part.slice(start);
  };
}
