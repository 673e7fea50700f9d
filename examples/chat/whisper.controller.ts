// A private word: to every window of one person, and to every window of whoever said it.
import { IsString, Length } from 'class-validator';
import {
  Controller,
  MessageExceptionHandler,
  MessageMapping,
  Payload,
  Principal,
  Publisher,
  SendToUser,
} from 'signalbox';
import { Presence } from './presence.js';
import { Words } from './room.controller.js';

export class Whisper extends Words {
  @IsString()
  @Length(1, 20)
  to!: string;
}

class NobodyThere extends Error {}

@Controller()
export class WhisperController {
  constructor(
    private readonly presence: Presence,
    private readonly publisher: Publisher,
  ) {}

  /** SEND /app/whisper; the answer is the sender's own copy. */
  @MessageMapping('/whisper')
  @SendToUser('/queue/whispers')
  async whisper(@Payload(Whisper) { to, text }: Whisper, @Principal() { name: by }: Principal) {
    if (!this.presence.isHere(to)) throw new NobodyThere(`${to} is not here.`);
    const whisper = { by, to, text, at: Date.now() };
    if (to !== by) await this.publisher.publishToUser(to, '/queue/whispers', whisper);
    return whisper;
  }

  /** To the window alone that asked for it. */
  @MessageExceptionHandler(NobodyThere)
  @SendToUser('/queue/notices', { broadcast: false })
  nobodyThere({ message }: NobodyThere) {
    return { text: message };
  }
}
