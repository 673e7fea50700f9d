// The controller of all handler tests: a validated payload, a variable, a service to inject, and one topic.
import { IsString, Length } from 'class-validator';
import { inject } from 'inversify';
import {
  Controller,
  DestinationVariable,
  MessageMapping,
  Payload,
  Principal,
  SendTo,
} from '../../dist/index.js';

class Say {
  text;
}
IsString()(Say.prototype, 'text');
Length(1, 500)(Say.prototype, 'text');

export class History {
  /** @param {object} said */
  add(said) {
    return said;
  }
}

export class ChatController {
  /** @param {History} history */
  constructor(history) {
    this.history = history;
  }

  /**
   * @param {string} room
   * @param {Say} say
   * @param {{ name: string } | undefined} user
   */
  say(room, say, user) {
    return this.history.add({ room, text: say.text, by: user?.name });
  }
}
// The output of a compiler for decorators.
const say = Object.getOwnPropertyDescriptor(ChatController.prototype, 'say');
inject(History)(ChatController, undefined, 0);
DestinationVariable('room', String)(ChatController.prototype, 'say', 0);
Payload(Say)(ChatController.prototype, 'say', 1);
Principal()(ChatController.prototype, 'say', 2);
SendTo('/topic/rooms/{room}')(ChatController.prototype, 'say', say);
MessageMapping('/say')(ChatController.prototype, 'say', say);
Controller('/rooms/{room}')(ChatController);
