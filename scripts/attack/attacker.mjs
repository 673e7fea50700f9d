// The attacker process of the attack program: runs one attack, reports the answers, and keeps its connections open until it is killed.
import { attacks } from './attacks.mjs';
import { Scene } from './scene.mjs';

const [name, quick, target = ''] = process.argv.slice(2);
const attack = attacks.find((each) => each.name === name);
const scene = new Scene(JSON.parse(target), quick === 'quick');
process.on('message', () => report(false));
await attack?.run(scene);
// Also counts answers that have not arrived yet.
await new Promise((resolve) => setTimeout(resolve, 100));
report(true);

/** @param {boolean} done */
function report(done) {
  process.send?.({ done, answers: [...scene.answers] });
}
