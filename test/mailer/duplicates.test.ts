import { describe, expect, test } from "vitest";
import { createMailer } from "../../src/index.ts";
import { type MemoryProvider, memoryProvider } from "../../src/testing/memory-provider.ts";
import { elapse, letter, silenceWarnings, useFakeTime, watch } from "./support.ts";

useFakeTime();
silenceWarnings();

const names = ["a", "b", "c", "d"] as const;

function copiesOf(id: string, providers: readonly MemoryProvider[]): number {
  return providers.flatMap(({ inbox }) => inbox).filter((stored) => stored.id === id).length;
}

describe("All four providers lose their responses after acceptance", () => {
  test("failover: no message is sent more than twice, and every error says that it may have been", async () => {
    const providers = names.map((name) =>
      memoryProvider({ name, script: () => ({ reason: "response-lost", delivered: true }) }),
    );
    const mailer = createMailer({ providers });

    for (let sent = 0; sent < 100; sent += 1) {
      const sending = watch(mailer.send(letter, { id: `m-${sent}` }));
      await elapse(1_000);
      const copies = copiesOf(`m-${sent}`, providers);
      expect(copies).toBeLessThanOrEqual(2);
      expect(sending.error).toMatchObject(
        copies > 0 ? { kind: "unknown", sent: "maybe" } : { kind: "unavailable", sent: "no" },
      );
    }

    expect(providers.flatMap(({ inbox }) => inbox).length).toBeGreaterThan(0);
  });

  test("stop: no message is sent more than once", async () => {
    const providers = names.map((name) =>
      memoryProvider({ name, script: () => ({ reason: "response-lost", delivered: true }) }),
    );
    const mailer = createMailer({ providers, onUnknown: "stop" });

    for (let sent = 0; sent < 100; sent += 1) {
      const sending = watch(mailer.send(letter, { id: `m-${sent}` }));
      await elapse(1_000);
      const copies = copiesOf(`m-${sent}`, providers);
      expect(copies).toBeLessThanOrEqual(1);
      expect(sending.error.sent).toBe(copies > 0 ? "maybe" : "no");
    }
  });

  test("one that recovers: a message that was accepted after a loss is marked", async () => {
    const lossy = memoryProvider({ name: "lossy", script: [{ reason: "response-lost", delivered: true }] });
    const mailer = createMailer({ providers: [lossy, memoryProvider({ name: "b" })] });

    expect(await mailer.send(letter)).toMatchObject({ provider: "b", duplicate: "possible" });
    expect(await mailer.send(letter)).toMatchObject({ provider: "lossy", duplicate: "no" });
  });
});
