// A fake of fetch: the test inspects each request and answers it at any time.

/** A request that waits for its answer. */
export class FakeRequest {
  #resolve!: (response: Response) => void;
  #reject!: (error: unknown) => void;
  #stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  readonly answer = new Promise<Response>((resolve, reject) => {
    this.#resolve = resolve;
    this.#reject = reject;
  });
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The messages of a POST. */
  readonly messages: unknown;

  constructor(
    url: string,
    readonly init: RequestInit,
  ) {
    this.method = init.method!;
    const { pathname, search } = new URL(url);
    this.path = pathname + search;
    this.headers = { ...(init.headers as Record<string, string>) };
    this.messages = init.body && JSON.parse(init.body as string);
    init.signal!.addEventListener('abort', () => this.fail(init.signal!.reason));
  }

  get isAborted(): boolean {
    return this.init.signal!.aborted;
  }

  /** @param status 0 is a redirect that a browser has not followed */
  respond(status: number): void {
    if (status === 0) this.#resolve(Response.error());
    else this.#resolve(new Response(null, { status }));
  }

  /** Answers with a page. Returns a promise that resolves when the client cancels the page. */
  async respondWithPage(): Promise<void> {
    await new Promise<void>((cancel) => {
      const headers = { 'content-type': 'text/html' };
      this.#resolve(new Response(new ReadableStream({ cancel }), { headers }));
    });
  }

  /** Begins a response that stays open. */
  stream(text = '', type = 'text/event-stream; charset=utf-8'): void {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#stream = controller),
    });
    this.#resolve(new Response(body, { headers: { 'content-type': type } }));
    this.write(text);
  }

  write(text: string | Uint8Array): void {
    this.#stream!.enqueue(typeof text === 'string' ? new TextEncoder().encode(text) : text);
  }

  /** Ends the response. */
  end(): void {
    this.#stream!.close();
  }

  /** Fails the request or its response, as a lost connection does. */
  fail(error: unknown = new TypeError('network error')): void {
    this.#reject(error);
    this.#stream?.error(error);
  }
}

/** Returns a function like `fetch`, and the requests that were sent with it. */
export function fakeFetch() {
  const requests: FakeRequest[] = [];
  const fetch = ((url: string, init: RequestInit) => {
    const request = new FakeRequest(url, init);
    requests.push(request);
    return request.answer;
  }) as typeof globalThis.fetch;
  return { fetch, requests };
}
