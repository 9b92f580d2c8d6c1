/** How long anything on loopback may take on the busiest machine, ms. */
const patience = 10_000;
/** Less than a connection is kept that nobody uses: what closes only then has not been closed. */
export const atOnce = 3_000;

/** Lets the event loop turn until something has happened, and says what did not. */
export async function until(what: string, happened: () => boolean, limit = patience): Promise<void> {
  // By a clock that no test stops.
  const began = process.hrtime.bigint();
  while (!happened()) {
    if (process.hrtime.bigint() - began > BigInt(limit) * 1_000_000n) {
      throw new Error(`It never came to this: ${what}`);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
