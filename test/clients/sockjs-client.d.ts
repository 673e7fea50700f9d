// The parts of sockjs-client that tests use.
declare module 'sockjs-client' {
  interface CloseEvent {
    readonly code: number;
    readonly reason: string;
    readonly wasClean: boolean;
  }

  export default class SockJS {
    constructor(
      url: string,
      protocols?: undefined,
      options?: {
        readonly transports?: readonly string[];
        readonly timeout?: number;
        /** Options of transports by their name. */
        readonly transportOptions?: Readonly<Record<string, object>>;
      },
    );
    readonly url: string;
    readonly readyState: number;
    /** The transport that was chosen. */
    readonly transport: string;
    onopen: (() => void) | undefined;
    onmessage: ((event: { readonly data: string }) => void) | undefined;
    onclose: ((event: CloseEvent) => void) | undefined;
    send(text: string): void;
    close(code?: number, reason?: string): void;
  }
}
