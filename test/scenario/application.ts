// The application of the scenario: rooms that can be asked and spoken in, answers to one user, and failures.
import { IsString, Length } from 'class-validator';
import {
  Controller,
  DestinationVariable,
  MessagingError,
  MessageMapping,
  Payload,
  Principal,
  SendTo,
  SendToUser,
  silentLogger,
  SubscribeMapping,
  type Authenticator,
} from '../../src/index.js';

class Say {
  @IsString()
  @Length(1, 20)
  text!: string;
}

@Controller('/rooms/{room}')
class RoomController {
  @MessageMapping('/say')
  @SendTo('/topic/rooms/{room}')
  say(@Payload() { text }: Say, @Principal() by: Principal) {
    return { text, by: by.name };
  }

  @MessageMapping('/whisper')
  @SendToUser('/queue/whispers')
  async whisper(@Payload() { text }: Say) {
    await Promise.resolve();
    return `psst: ${text}`;
  }

  @SubscribeMapping('/topic')
  topic(@DestinationVariable('room') room: string) {
    return `Welcome to ${room}.`;
  }

  @MessageMapping('/fail')
  fail() {
    throw new Error('A handler that fails on purpose.');
  }
}

const authenticate: Authenticator = ({ login, passcode }) => {
  if (login === undefined || passcode !== 'secret') throw new MessagingError('access-refused');
  return { name: login };
};

export const application = {
  controllers: [RoomController],
  authenticate,
  logger: silentLogger,
} as const;
