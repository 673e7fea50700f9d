// The server process of one contestant: reports its CPU time.
import { contestants } from './contestants.mjs';

process.on('disconnect', () => process.exit());
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpu: user + system });
});

try {
  process.send?.(await contestants[process.argv[2]]());
} catch (error) {
  process.send?.({ error: String(error) });
}
