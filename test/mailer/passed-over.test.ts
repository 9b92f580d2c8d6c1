import { describe, expect, it } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import {
  adapter,
  begin,
  elapse,
  errorOf,
  healthOf,
  letter,
  silenceWarnings,
  steps,
  takeDown,
  useFakeTime,
} from "./support.ts";

useFakeTime();
silenceWarnings();

const tagged = { ...letter, tags: ["order"] };
const withoutTags = { unsupported: ({ tags }: { tags: readonly string[] }) => (tags.length > 0 ? ["tags"] : []) };

describe("A provider that is passed over", () => {
  it("is named with all others where every one is isolated", async () => {
    const mailer = createMailer({ providers: [memoryProvider({ name: "a" }), memoryProvider({ name: "b" })] });
    mailer.isolate("a");
    mailer.isolate("b");

    const error = await errorOf(mailer.send(letter));

    expect(error).toMatchObject({ kind: "unavailable", attempts: [] });
    expect(error.message).toContain("every allowed provider that can carry it is isolated");
  });

  it.each([
    ["throws", { unsupported: () => JSON.parse("{") }],
    ["answers with something else than names", { unsupported: () => "tags" }],
    ["answers with a list of something else", { unsupported: () => [1] }],
  ])(
    "because its adapter %s when asked what it cannot carry is named with the message as a whole",
    async (_, parts) => {
      const mailer = createMailer({ providers: [adapter("rogue", parts)] });

      const error = await errorOf(mailer.send(letter));

      expect(error).toMatchObject({ kind: "unsupported", missing: ["message"] });
      expect(error.skipped).toEqual([{ provider: "rogue", fields: ["message"] }]);
      expect(error.message).toContain("rogue cannot carry message");
    },
  );

  it("is not probed with a message that would lose a field there while another carries all of it", async () => {
    const whole = memoryProvider({ name: "whole" });
    const lossy = memoryProvider({ name: "lossy", ...withoutTags });
    const back = memoryProvider({ name: "back", ...withoutTags });
    const mailer = createMailer({ providers: [whole, lossy, back] });
    await takeDown(mailer, back);
    await elapse(60_000);

    const sending = await begin(mailer.send(tagged));

    expect(steps(sending.receipt)).toEqual(["whole accepted"]);
    expect(sending.receipt.dropped).toEqual([]);
    expect(healthOf(mailer, "back").state).toBe("down");
  });

  it("while it is down has no share of the traffic, although it is to be proven", async () => {
    const primary = memoryProvider({ name: "primary" });
    const standby = memoryProvider({ name: "standby" });
    const mailer = createMailer({ providers: [primary, { provider: standby, prove: 0.1 }] });
    expect(mailer.health().map(({ share }) => share)).toEqual([0.9, 0.1]);

    await takeDown(mailer, standby);

    expect(mailer.health().map(({ share }) => share)).toEqual([1, 0]);
  });
});
