// A private word: to every window of one person, and to every window of whoever said it.
import { IsString, Length } from 'class-validator';
import {
  Controller,
  MessageMapping,
  MessagingError,
  Payload,
  Principal,
  Publisher,
  SendToUser,
} from 'signalbox';
import { Presence } from './presence.js';
import { Words } from './room.controller.js';

export class Whisper extends Words {
  @Length(1, 20, { message: 'Nobody is called that.' })
  @IsString({ message: 'Say to whom.' })
  to!: string;
}

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
    if (!this.presence.isHere(to)) throw notHere();
    const whisper = { by, to, text, at: Date.now() };
    if (to !== by) await this.publisher.publishToUser(to, '/queue/whispers', whisper);
    return whisper;
  }
}

/** What no validator can know is told as what it is: a problem of one field. */
function notHere(): MessagingError {
  const fields = [{ path: 'to', message: 'Nobody of this name is here now.' }];
  return new MessagingError('payload-invalid', undefined, { fields });
}
