// A NestJS gateway on its adapter for `ws`, with its validation pipe.
import 'reflect-metadata';
import { Module, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Words, words } from '../words.mjs';

class Gateway {
  /** @param {Words} said */
  say(said) {
    return { event: 'said', data: said };
  }
}
// The output of a compiler for decorators.
const say = Object.getOwnPropertyDescriptor(Gateway.prototype, 'say');
Reflect.defineMetadata('design:paramtypes', [Words], Gateway.prototype, 'say');
MessageBody()(Gateway.prototype, 'say', 0);
SubscribeMessage('say')(Gateway.prototype, 'say', say);
WebSocketGateway()(Gateway);

class Application {}
Module({ providers: [Gateway] })(Application);

export async function open() {
  const application = await NestFactory.create(Application, { logger: false });
  application.useWebSocketAdapter(new WsAdapter(application));
  application.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true }));
  await application.listen(0, '127.0.0.1');
  return {
    port: application.getHttpServer().address().port,
    dialogue: {
      path: '/',
      hello: [],
      ask: JSON.stringify({ event: 'say', data: words }),
      answer: '{"event":"said"',
    },
  };
}
