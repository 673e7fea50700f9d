// A free port of the loopback interface.
import { createServer, type AddressInfo } from 'node:net';

export async function freePort(): Promise<number> {
  const probe = createServer();
  const { port } = await new Promise<AddressInfo>((resolve) => {
    probe.listen(0, '127.0.0.1', () => resolve(probe.address() as AddressInfo));
  });
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
