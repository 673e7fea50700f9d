// The payload of all contestants, and the class that validates it.
import { IsInt, IsString, Length, Min } from 'class-validator';

export const words = {
  text: 'A hundred bytes of text, as people write them when they have something to say.'.padEnd(
    100,
    '.',
  ),
  room: 7,
};

export class Words {
  text;
  room;
}
IsString()(Words.prototype, 'text');
Length(1, 500)(Words.prototype, 'text');
IsInt()(Words.prototype, 'room');
Min(0)(Words.prototype, 'room');
