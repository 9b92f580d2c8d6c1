import { expect, vi } from "vitest";
import { stopTime } from "../../wire/harness.ts";

/** Dates that an ESP gives are of whole seconds. */
export function stopTimeAtWholeSecond(): void {
  stopTime();
  vi.setSystemTime(Math.ceil(Date.now() / 1_000) * 1_000);
}

const steps = 20;

/** Time passes in steps, between which bytes can come in; the send ends in the last millisecond and not before. */
export async function passTimeLimit(limit: number, sending: Promise<unknown>): Promise<void> {
  let pending = true;
  void sending.then(() => {
    pending = false;
  });
  for (let step = 1; step <= steps; step++) {
    await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(limit / steps - (step === steps ? 1 : 0));
  }
  expect(pending).toBe(true);
  await vi.advanceTimersByTimeAsync(1);
  await sending;
}

/** Nothing that a send has begun is left to wait for. */
export async function expectNoTimers(): Promise<void> {
  // For what waits for the next turn alone.
  await vi.advanceTimersByTimeAsync(1);
  expect(vi.getTimerCount()).toBe(0);
}
