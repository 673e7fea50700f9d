// A SockJS client over HTTP for each receiver, also for those that need a page of a browser: htmlfile and jsonp.

/** How a receiver asks for frames, and how it reads them. */
interface Receiver {
  readonly method: 'GET' | 'POST';
  readonly query: string;
  /** The parts of a response that have a frame; the first group is its text. */
  readonly frames: RegExp;
  readonly decode: (text: string) => string;
  readonly send: 'xhr_send' | 'jsonp_send';
}

const asIs = (text: string) => text;
/** The text is a literal of JavaScript, as it stands in a script. */
const literal = (text: string) => JSON.parse(text) as string;

const receivers: Readonly<Record<string, Receiver>> = {
  xhr: { method: 'POST', query: '', frames: /^([oahc].*)\n/gm, decode: asIs, send: 'xhr_send' },
  xhr_streaming: {
    method: 'POST',
    query: '',
    frames: /^(o|a.*|c.*)\n/gm,
    decode: asIs,
    send: 'xhr_send',
  },
  eventsource: {
    method: 'GET',
    query: '',
    frames: /^data: (.*)\r\n\r\n/gm,
    // As sockjs-client does.
    decode: decodeURI,
    send: 'xhr_send',
  },
  htmlfile: {
    method: 'GET',
    query: '?c=callback',
    frames: /<script>\np\((".*")\);\n<\/script>\r\n/g,
    decode: literal,
    send: 'xhr_send',
  },
  jsonp: {
    method: 'GET',
    query: '?c=callback',
    frames: /\/\*\*\/callback\((".*")\);\r\n/g,
    decode: literal,
    send: 'jsonp_send',
  },
};

/** The names of all receivers over HTTP. */
export const receiverNames: readonly string[] = Object.keys(receivers);

/** Opens a session, sends each text in its own request, and receives as many texts. @param base the URL of the session */
export async function exchange(
  base: string,
  name: string,
  texts: readonly string[],
): Promise<readonly string[]> {
  const { method, query, send } = receivers[name]!;
  const received: string[] = [];
  let sending: Promise<void> | undefined;
  while (received.length < texts.length) {
    const response = await fetch(`${base}/${name}${query}`, { method });
    for await (const frame of framesOf(response, receivers[name]!)) {
      sending ??= sendEach(`${base}/${send}`, texts);
      if (frame.startsWith('a')) received.push(...(JSON.parse(frame.slice(1)) as string[]));
      else if (frame !== 'o') throw new Error(`Received ${frame}.`);
      if (received.length >= texts.length) break;
    }
  }
  await sending;
  // A server that closes waits for sessions without a request that receives.
  void fetch(`${base}/${name}${query}`, { method }).catch(() => {});
  return received;
}

async function* framesOf(
  response: Response,
  { frames, decode }: Receiver,
): AsyncGenerator<string, void, undefined> {
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    let end = 0;
    for (const match of text.matchAll(frames)) {
      end = match.index + match[0].length;
      yield decode(match[1]!);
    }
    text = text.slice(end);
  }
}

async function sendEach(url: string, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    const json = JSON.stringify([text]);
    const body = url.endsWith('jsonp_send') ? new URLSearchParams({ d: json }) : json;
    const response = await fetch(url, { method: 'POST', body });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  }
}
