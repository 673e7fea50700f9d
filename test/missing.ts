// Reports programs that tests need and that this machine does not have.

/** Logs that tests are skipped; throws when no test may be skipped. */
export function reportMissing(reason: string): undefined {
  if (process.env['SIGNALBOX_REQUIRE_ALL'] === '1') throw new Error(reason);
  console.warn(`Skipped: ${reason}`);
}
