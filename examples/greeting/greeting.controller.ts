// The greeting of Spring's guide: a name comes in on /app/hello, and all subscribers of /topic/greetings hear of it.
import { IsString } from 'class-validator';
import { Controller, MessageMapping, Payload, SendTo } from 'signalbox';

export class HelloMessage {
  @IsString()
  name!: string;
}

export interface Greeting {
  /** Markup, as the page of the guide inserts it. */
  readonly content: string;
}

@Controller()
export class GreetingController {
  @MessageMapping('/hello')
  @SendTo('/topic/greetings')
  greet(@Payload() message: HelloMessage): Greeting {
    return { content: `Hello, ${escapeHtml(message.name)}!` };
  }
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
