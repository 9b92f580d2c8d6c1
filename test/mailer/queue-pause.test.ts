import { expect, it } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { begin, elapse, healthOf, letter, silenceWarnings, steps, useFakeTime } from "./support.ts";

useFakeTime();
silenceWarnings();

it("A message that its provider asked for a pause stands in no line, and holds up none of those behind it", async () => {
  const provider = memoryProvider({
    script: [
      { reason: "unavailable", retryAfter: 5_000, after: 100 },
      { accepted: true, after: 2_000 },
    ],
  });
  const mailer = createMailer({ providers: [{ provider, concurrency: 1 }] });
  const paused = await begin(mailer.send(letter));
  const slow = await begin(mailer.send(letter));
  expect(healthOf(mailer, "memory")).toMatchObject({ inFlight: 1, queued: 1 });

  await elapse(100);
  expect(healthOf(mailer, "memory")).toMatchObject({ inFlight: 1, queued: 0 });
  await elapse(2_000);
  expect(slow.accepted).toBe(true);
  const later = await begin(mailer.send(letter));
  expect(later.accepted).toBe(true);
  expect(paused.pending).toBe(true);
  await elapse(3_000);

  expect(steps(paused.receipt)).toEqual(["memory unavailable", "memory accepted"]);
});
