import { afterEach, describe, expect, it, vi } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { fakeTime, pass, resultOf, send } from "./health-support.ts";

afterEach(() => {
  vi.useRealTimers();
});

/**
 * A timer of Node may fire a little before its time by the monotonic clock, and the clock goes on while code runs: when
 * the time is there, so many looks at the clock still see the moment just before, and the later ones see it.
 */
function clockWithEdge(inTime: number, looks: number): void {
  const read = performance.now.bind(performance);
  const edge = read() + inTime;
  let left = looks;
  vi.spyOn(performance, "now").mockImplementation(() => {
    const time = read();
    if (time < edge) return time;
    left -= 1;
    return left >= 0 ? edge - 0.5 : time;
  });
}

/** How a send ended, by the number of looks at the clock before the edge. */
async function onEveryEdge(inTime: number, sendOnTheEdge: () => Promise<string>): Promise<Record<string, number[]>> {
  const results: Record<string, number[]> = {};
  for (let looks = 0; looks < 80; looks += 1) {
    fakeTime();
    clockWithEdge(inTime, looks);
    const result = await sendOnTheEdge();
    results[result] = [...(results[result] ?? []), looks];
    vi.restoreAllMocks();
    vi.useRealTimers();
  }
  return results;
}

describe("a period that ends between two looks at the clock costs no message", () => {
  it("the throttle that a send waits for", async () => {
    const results = await onEveryEdge(1_000, async () => {
      const provider = memoryProvider({ script: [{ reason: "throttled", retryAfter: 1_000 }] });
      const mailer = createMailer({ providers: [provider], retry: { maxRounds: 1 } });
      await send(mailer);
      const waiting = send(mailer);
      await pass(1_100);
      return resultOf(await waiting);
    });

    expect(results).toEqual({ memory: expect.any(Array) });
  });

  it("the throttle that ends when a send comes", async () => {
    const results = await onEveryEdge(1_000, async () => {
      const provider = memoryProvider({ script: [{ reason: "throttled", retryAfter: 1_000 }] });
      const mailer = createMailer({ providers: [provider], retry: { maxRounds: 1 } });
      await send(mailer);
      await pass(1_000);
      const sending = send(mailer);
      await pass(100);
      return resultOf(await sending);
    });

    expect(results).toEqual({ memory: expect.any(Array) });
  });

  it("the open period that ends when a send comes", async () => {
    const results = await onEveryEdge(15_000, async () => {
      const provider = memoryProvider({ script: ["suspended"] });
      const mailer = createMailer({ providers: [provider], retry: { maxRounds: 1 } });
      await send(mailer);
      await pass(15_000);
      const sending = send(mailer);
      await pass(100);
      return resultOf(await sending);
    });

    expect(results).toEqual({ memory: expect.any(Array) });
  });
});
