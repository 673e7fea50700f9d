// Reports programs that tests need and that are missing on this machine.

/** Logs that tests are skipped; throws if all tests are required. */
export function reportMissing(reason: string): undefined {
  if (process.env['SIGNALBOX_REQUIRE_ALL'] === '1') throw new Error(reason);
  console.warn(`Skipped: ${reason}`);
}
