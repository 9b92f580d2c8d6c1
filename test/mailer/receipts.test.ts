import { expect, test } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { elapse, letter, silenceWarnings, useFakeTime, watch } from "./support.ts";

useFakeTime();
silenceWarnings();

test("The duration on a receipt is the time of the send, whenever it began: preparation, failures and waits included", async () => {
  await elapse(60_000);
  const a = memoryProvider({
    name: "a",
    script: [{ reason: "unavailable", retryAfter: 700, after: 200 }],
    latency: 30,
  });
  const html = new Promise<string>((resolve) => setTimeout(resolve, 100, "<p>Thank you</p>"));

  const sending = watch(createMailer({ providers: [a] }).send({ ...letter, html }));
  await elapse(2_000);

  expect(sending.receipt.duration).toBe(100 + 200 + 700 + 30);
  expect(sending.receipt.attempts.map(({ duration }) => duration)).toEqual([200, 30]);
});
