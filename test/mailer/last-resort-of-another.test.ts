import { expect, test } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { begin, elapse, fixRandom, letter, silenceWarnings, steps, takeDown, useFakeTime, watch } from "./support.ts";

useFakeTime();
silenceWarnings();

test.each([
  ["too-large", 1],
  ["unavailable", 1],
  ["unavailable", 3],
] as const)(
  "A send that is done with its last round ends at once, whatever another's last resort does (%s, maxRounds %i)",
  async (reason, maxRounds) => {
    fixRandom();
    const a = memoryProvider({ name: "a", script: () => reason });
    const b = memoryProvider({ name: "b" });
    const mailer = createMailer({ providers: [a, b], retry: { maxRounds, minDelay: 1, maxDelay: 1 } });
    await takeDown(mailer, b);
    b.script("hang");
    const lastResort = await begin(mailer.send(letter, { only: ["b"] }));
    expect(lastResort.pending).toBe(true);

    const sending = watch(mailer.send(letter, { only: ["a"] }));
    await elapse(50);

    expect(steps(sending.error)).toHaveLength(maxRounds);
  },
);
