// A private message: to all sessions of its recipient and of its sender.
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
  @Length(1, 20, { message: 'A name has 1 to 20 characters.' })
  @IsString({ message: 'Choose a recipient.' })
  to!: string;
}

@Controller()
export class WhisperController {
  constructor(
    private readonly presence: Presence,
    private readonly publisher: Publisher,
  ) {}

  /** SEND /app/whisper; the returned value is the sender's copy. */
  @MessageMapping('/whisper')
  @SendToUser('/queue/whispers')
  async whisper(
    @Payload(Whisper) { to, text }: Whisper,
    @Principal({ required: true }) { name: by }: Principal,
  ) {
    if (!this.presence.isOnline(to)) throw notOnline();
    const whisper = { by, to, text, at: Date.now() };
    if (to !== by) await this.publisher.publishToUser(to, '/queue/whispers', whisper);
    return whisper;
  }
}

/** A problem of one field, as of a validator. */
function notOnline(): MessagingError {
  const fields = [{ path: 'to', message: 'This person is not online.' }];
  return new MessagingError('payload-invalid', undefined, { fields });
}
