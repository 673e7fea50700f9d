// Attacks with payloads that are costly to parse or to validate.

/** Characters of a body that fit into a frame. */
const maxBody = 60_000;

const bodies = {
  'invalid items': `{"id":"a","items":[${'{},'.repeat(maxBody / 3)}{}]}`,
  'valid items': `{"id":"a","items":[${'{"name":""},'.repeat(maxBody / 12)}{"name":""}]}`,
  'lists in lists': `{"id":"a","items":[${'[],'.repeat(maxBody / 3)}[]]}`,
  numbers: `{"id":"a","items":[${'1,'.repeat(maxBody / 2)}1]}`,
};

const many = Array.from({ length: 5000 }, (_, i) => `"k${i}":1`).join(',');
const depth = 20_000;
const shapes = {
  'unknown properties': `{"id":"a","items":[],${many}}`,
  'unknown properties of an item': `{"id":"a","items":[{"name":"",${many}}]}`,
  'deep lists': `{"id":"a","items":${'['.repeat(depth)}${']'.repeat(depth)}}`,
  'deep objects': `${'{"items":'.repeat(6000)}1${'}'.repeat(6000)}`,
  prototypes: `{"__proto__":{"id":"a"},"constructor":{"prototype":{"x":1}},"id":"a","items":[]}`,
};

/**
 * Sends each body `count` times to a handler that validates it.
 *
 * @param {import('../scene.mjs').Scene} scene
 * @param {readonly string[]} texts
 * @param {number} count
 */
async function sendOrders(scene, texts, count) {
  const session = await scene.session();
  for (let i = 0; i < count; i++)
    for (const text of texts)
      await session.send(
        'SEND',
        { destination: '/app/order', 'content-type': 'application/json' },
        text,
      );
  await session.settle();
}

/** @type {readonly import('../scene.mjs').Attack[]} */
export const payloads = [
  {
    name: 'long-lists-to-validate',
    fault: 'A6',
    title: 'Lists of up to 20,000 items that a handler validates',
    maxHeld: 12,
    reason: 'A payload is not kept after its handler has returned.',
    run: (scene) => sendOrders(scene, Object.values(bodies), scene.steps(25, 5)),
  },
  {
    name: 'deep-and-wide-json',
    fault: 'A6',
    title: 'Deep lists and objects, thousands of unknown properties, and names of prototypes',
    maxHeld: 12,
    reason: 'A payload is not kept after its handler has returned.',
    run: (scene) => sendOrders(scene, Object.values(shapes), scene.steps(25, 5)),
  },
];
