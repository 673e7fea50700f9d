// A room: its messages, its history, and the members who are typing.
import { IsString, Length, Matches } from 'class-validator';
import {
  Controller,
  DestinationVariable,
  Header,
  MessageMapping,
  Payload,
  Principal,
  SendTo,
  SubscribeMapping,
} from 'signalbox';
import { Presence } from './presence.js';
import { Rooms, type ChatMessage, type Later } from './rooms.js';

export class Words {
  @Matches(/\S/, { message: 'Enter a message.' })
  @Length(0, 500, { message: 'A message has at most 500 characters.' })
  @IsString({ message: 'A message is a text.' })
  text!: string;
}

export interface Recent extends Later {
  readonly people: readonly string[];
}

@Controller('/rooms/{room:[a-z0-9-]{1,20}}')
export class RoomController {
  constructor(
    private readonly rooms: Rooms,
    private readonly presence: Presence,
  ) {}

  /** SEND /app/rooms/lobby/say */
  @MessageMapping('/say')
  @SendTo('/topic/rooms/{room}')
  say(
    @DestinationVariable('room') room: string,
    @Payload(Words) { text }: Words,
    @Principal({ required: true }) { name }: Principal,
  ): ChatMessage {
    return this.rooms.add(room, name, text);
  }

  /** SUBSCRIBE /app/rooms/lobby/recent, where the header `since` names the last message that the client has. */
  @SubscribeMapping('/recent')
  recent(
    @DestinationVariable('room') room: string,
    @Header('since', { default: 0 }) since: number,
  ): Recent {
    return { ...this.rooms.since(room, since), people: this.presence.people(room) };
  }

  /** SEND /app/rooms/lobby/typing; it is not stored. */
  @MessageMapping('/typing')
  @SendTo('/topic/rooms/{room}/typing')
  typing(@Principal({ required: true }) { name }: Principal) {
    return { by: name };
  }
}
