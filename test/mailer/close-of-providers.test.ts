import { describe, expect, it, vi } from "vitest";
import { createMailer } from "../../src/index.ts";
import { elapse, useFakeTime } from "./support.ts";

useFakeTime();

function closing(name: string, close: () => Promise<void>) {
  return { name, unsupported: () => [], send: async () => ({ providerMessageId: "1" }), close };
}

describe("close()", () => {
  it("leaves behind a provider that takes more than 5 s to close", async () => {
    const mailer = createMailer({ providers: [closing("stuck", () => new Promise(() => {}))] });
    let closed = false;
    const done = mailer.close().then(() => {
      closed = true;
    });

    await elapse(4_999);
    expect(closed).toBe(false);
    await elapse(1);
    await done;

    expect(closed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("waits for a provider that takes less", async () => {
    let released = false;
    const slow = closing("slow", async () => {
      await new Promise((resolve) => setTimeout(resolve, 4_000));
      released = true;
    });
    const mailer = createMailer({ providers: [slow] });
    const done = mailer.close();

    await elapse(4_000);
    await done;

    expect(released).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
