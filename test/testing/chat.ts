// The chat application of the tests of the kit: a service to replace, failing handlers, and streams.
import { IsString, Length } from 'class-validator';
import { injectable } from 'inversify';
import {
  Controller,
  DestinationVariable,
  Header,
  Message,
  MessageExceptionHandler,
  MessageMapping,
  Payload,
  Principal,
  Publisher,
  SendTo,
  SendToUser,
  Session,
  Signal,
  SubscribeMapping,
} from 'signalbox';

export class NewMessage {
  @IsString()
  @Length(1, 20)
  text!: string;
}

export interface ChatMessage {
  readonly text: string;
  readonly by: string;
}

@injectable()
export class ChatHistory {
  readonly #messages: ChatMessage[] = [];

  add(by: string, text: string): ChatMessage {
    this.#messages.push({ text, by });
    return { text, by };
  }

  last(): readonly ChatMessage[] {
    return this.#messages;
  }
}

export class RoomClosedError extends Error {}

/** Handlers wait until the test opens it. */
@injectable()
export class Gate {
  #open!: () => void;
  readonly opened = new Promise<void>((resolve) => (this.#open = resolve));

  open(): void {
    this.#open();
  }
}

@injectable()
@Controller('/rooms/{room}')
export class ChatController {
  constructor(
    private readonly history: ChatHistory,
    private readonly publisher: Publisher,
    private readonly gate: Gate,
  ) {}

  @MessageMapping('/say')
  @SendTo('/topic/rooms/{room}')
  say(@Payload() message: NewMessage, @Principal() user: Principal | undefined) {
    return this.history.add(user?.name ?? 'anonymous', message.text);
  }

  @SubscribeMapping('/recent')
  recent() {
    return this.history.last();
  }

  @MessageMapping('/announce')
  async announce(@DestinationVariable('room') room: string, @Payload() text: string) {
    await this.publisher.publish(`/topic/rooms/${room}`, { text, by: 'the house' });
    await this.publisher.publishToUser('ann', '/queue/notes', { room });
  }

  @MessageMapping('/whisper/{to}')
  @SendToUser('/queue/whispers')
  whisper(@DestinationVariable('to') to: number, @Header('tone') tone: string) {
    return { to, tone };
  }

  @MessageMapping('/fail')
  fail(): never {
    throw new TypeError('The history is lost.');
  }

  @MessageMapping('/enter')
  enter(): never {
    throw new RoomClosedError('closed');
  }

  @MessageExceptionHandler(RoomClosedError)
  closed(_: RoomClosedError, @DestinationVariable('room') room: string) {
    return { code: 'room-closed', room };
  }

  /** Waits until the gate opens. */
  @MessageMapping('/wait')
  @SendTo('/topic/rooms/{room}')
  async wait(@Signal() signal: AbortSignal) {
    await this.gate.opened;
    return { text: signal.aborted ? 'too late' : 'waited', by: 'the house' };
  }

  /** Yields one item, and another one when the gate opens. */
  @SubscribeMapping('/feed')
  async *feed(@Signal() signal: AbortSignal) {
    yield { n: 1 };
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
    if (!signal.aborted) await Promise.race([this.gate.opened, aborted]);
    if (!signal.aborted) yield { n: 2 };
  }

  /** Continues after its subscriber has left. */
  @SubscribeMapping('/endless')
  async *endless() {
    yield { n: 1 };
    await this.gate.opened;
  }

  @MessageMapping('/files/**')
  file() {}

  @MessageMapping('/both', '/either')
  both(@Message() message: Message, @Session() session: Session) {
    return { destination: message.destination, session: session.id };
  }
}

export const fakeHistory = {
  add: (by: string, text: string): ChatMessage => ({ text, by }),
  last: (): readonly ChatMessage[] => [{ text: 'before', by: 'eve' }],
};
