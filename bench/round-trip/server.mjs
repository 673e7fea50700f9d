// The server's process of one contestant: says how much CPU time it has used.
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
