// One contestant in a separate process: reports the CPU time of this number of tests.
const [contestant, count] = process.argv.slice(2);

const handlerTest =
  contestant === 'socket'
    ? (await import('./socket.mjs')).handlerTest
    : (await import('./kit.mjs')).handlerTest(contestant === 'kit, STOMP' ? 'stomp' : 'json');

const before = process.cpuUsage();
for (let n = 0; n < Number(count); n++) await handlerTest();
const { user, system } = process.cpuUsage(before);
process.send({ tests: (user + system) / 1000 });
process.disconnect();
