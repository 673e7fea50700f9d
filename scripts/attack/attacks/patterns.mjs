// Attacks with the patterns that clients subscribe to.

/**
 * Subscribes to the patterns one after another.
 *
 * @param {import('../scene.mjs').Scene} scene
 * @param {number} count
 * @param {(number: number) => string} pattern
 */
async function subscribeAll(scene, count, pattern) {
  const session = await scene.session();
  for (let i = 0; i < count; i++)
    await session.send('SUBSCRIBE', { id: `${i}`, destination: pattern(i) });
  await session.settle();
  return session;
}

/**
 * Subscribes to 128 patterns, and sends to destinations that take long to compare with them.
 *
 * @param {import('../scene.mjs').Scene} scene
 * @param {(number: number) => string} pattern
 */
async function compareSlowly(scene, pattern) {
  const session = await subscribeAll(scene, 128, pattern);
  for (const length of [900, 8100])
    for (let i = 0; i < scene.steps(5, 2); i++)
      await session.send('SEND', { destination: `/topic/${'a'.repeat(length)}` });
  await session.settle();
}

/** @type {readonly import('../scene.mjs').Attack[]} */
export const patterns = [
  {
    name: 'patterns-of-many-wildcards',
    fault: 'A1',
    title: 'Four sessions each subscribe to 128 patterns of 7,350 wildcards',
    maxHeld: 8,
    reason: 'A session may hold 256 KiB of subscriptions; refused patterns are not kept.',
    run: (scene) =>
      scene.together(4, () =>
        subscribeAll(scene, 128, (i) => `/topic/${i}${`/${'?'.repeat(245)}`.repeat(30)}`),
      ),
  },
  {
    name: 'patterns-of-many-stars',
    fault: 'A2',
    title: '128 patterns of 160 stars, compared with long destinations',
    maxHeld: 8,
    reason: 'A session may hold 256 KiB of subscriptions; refused patterns are not kept.',
    run: (scene) => compareSlowly(scene, (i) => `/topic/${'*?'.repeat(160)}${1000 + i}`),
  },
  {
    name: 'patterns-of-long-literals',
    fault: 'A2',
    title:
      '128 patterns of two stars with 4,000 letters between them, compared with long destinations',
    maxHeld: 8,
    reason: 'A session may hold 256 KiB of subscriptions; refused patterns are not kept.',
    run: (scene) => compareSlowly(scene, (i) => `/topic/*${'a'.repeat(4000)}b${1000 + i}*`),
  },
  {
    name: 'patterns-within-the-limits',
    fault: 'A2',
    title:
      '64 sessions subscribe to as many patterns as allowed, and destinations of 30 segments match',
    maxHeld: 48,
    reason: '64 sessions hold up to 128 subscriptions of 4 KB each, table entries included.',
    async run(scene) {
      await scene.together(64, async (session) => {
        await subscribeAll(scene, 120, (i) => {
          const segments = Array.from({ length: 2 + (i % 28) }, () => 'a');
          segments[i % segments.length] = '*';
          return i % 2 === 0
            ? `/topic/${segments.join('/')}/${session}-${i}`
            : `/topic/${'a/'.repeat(i % 20)}**/${session}-${i}`;
        });
      });
      const sender = await scene.session();
      for (let i = 0; i < scene.steps(2000, 200); i++)
        await sender.send('SEND', { destination: `/topic${'/a'.repeat(29)}/${i}` }, 'x');
      await sender.settle();
    },
  },
];
