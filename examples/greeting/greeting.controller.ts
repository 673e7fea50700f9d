// The greeting of Spring's guide: a name sent to /app/hello is published to /topic/greetings.
import { IsString } from 'class-validator';
import { Controller, MessageMapping, Payload, SendTo } from 'signalbox';

export class HelloMessage {
  @IsString()
  name!: string;
}

export interface Greeting {
  /** HTML, because the page of the guide inserts it as markup. */
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
