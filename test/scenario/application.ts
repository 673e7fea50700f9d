// The application of the scenario: chat rooms with messages to all and to one user, and a handler that fails.
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

class Post {
  @IsString()
  @Length(1, 20)
  text!: string;
}

@Controller('/rooms/{room}')
class RoomController {
  @MessageMapping('/post')
  @SendTo('/topic/rooms/{room}')
  post(@Payload() { text }: Post, @Principal() by: Principal) {
    return { text, by: by.name };
  }

  @MessageMapping('/copy')
  @SendToUser('/queue/copies')
  async copy(@Payload() { text }: Post) {
    await Promise.resolve();
    return `Copy of ${text}`;
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
