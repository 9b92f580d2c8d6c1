import { inspect } from "node:util";
import { describe, expect, it, test, vi } from "vitest";
import { createMailer, isSteadyMailError, type MailerOptions, type Suppress } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { refusalWith, rows, taken } from "./options-support.ts";
import { begin, elapse, errorOf, letter, recordEvents, silenceWarnings, steps, useFakeTime } from "./support.ts";

useFakeTime();
silenceWarnings();

/** What a program without types may give. */
function untyped(suppress: (address: string) => unknown): Suppress;
function untyped(suppress: object): object {
  return suppress;
}

/** A mailer with two providers, and everything that its `suppress` was asked. */
function mailerWith(suppress: (address: string) => unknown, options: Partial<MailerOptions> = {}) {
  const asked: string[] = [];
  const primary = memoryProvider({ name: "primary" });
  const standby = memoryProvider({ name: "standby" });
  const mailer = createMailer({
    ...options,
    providers: [primary, standby],
    suppress: untyped((address) => {
      asked.push(address);
      return suppress(address);
    }),
  });
  const attempts = () => primary.attempts + standby.attempts;
  return { mailer, asked, primary, standby, attempts };
}

const isAda = (address: string) => address === "ada@example.org";
const never = () => new Promise(() => {});

describe("suppress", () => {
  test("lets a message pass none of whose recipients is suppressed", async () => {
    const { mailer, asked, primary } = mailerWith(() => false);
    const sending = await begin(mailer.send(letter));

    expect(steps(sending.receipt)).toEqual(["primary accepted"]);
    expect(asked).toEqual(["ada@example.org"]);
    expect(primary.inbox).toHaveLength(1);
  });

  test.each([
    ["at once", isAda],
    ["by a promise", async (address: string) => isAda(address)],
    ["late", (address: string) => new Promise((resolve) => setTimeout(resolve, 2, isAda(address)))],
  ])("keeps a message from everybody if it says %s that one recipient is suppressed", async (_how, suppress) => {
    const { mailer, attempts } = mailerWith(suppress);

    const error = await errorOf(mailer.send({ ...letter, to: ["bob@example.org", "Ada <ada@example.org>"] }));

    expect(error).toMatchObject({
      name: "SuppressedError",
      kind: "suppressed",
      sent: "no",
      retryable: false,
      paths: ["to[1]"],
      attempts: [],
      skipped: [],
    });
    expect(error.retryAt).toBeUndefined();
    expect(attempts()).toBe(0);
  });

  test("says where all suppressed recipients stand, and never who they are", async () => {
    const { mailer } = mailerWith((address) => address.startsWith("ada"));
    const message = {
      ...letter,
      to: "ada@example.org",
      cc: ["bob@example.org", "ada.lovelace@example.org"],
      bcc: ["carol@example.org", "ada@example.org"],
    };

    const error = await errorOf(mailer.send(message, { id: "order-1" }));

    expect(error).toMatchObject({ id: "order-1", paths: ["to[0]", "cc[1]", "bcc[1]"] });
    expect(error.message).toContain("to[0]");
    expect(error.message).toContain("order-1");
    expect(inspect(error, { depth: null, showHidden: true })).not.toMatch(/ada|lovelace/i);
  });

  test("names a few of many suppressed recipients in words, and all by their paths", async () => {
    const { mailer } = mailerWith(() => true);
    const to = Array.from({ length: 1_000 }, (_, index) => `r${index}@example.org`);

    const error = await errorOf(mailer.send({ ...letter, to }));

    if (error.kind !== "suppressed") throw error;
    expect(error.paths).toHaveLength(1_000);
    expect(error.message).toContain("and 990 more");
    expect(error.message.length).toBeLessThan(300);
  });

  test("is asked once for each address, wherever it stands, in ASCII and without the name", async () => {
    const { mailer, asked } = mailerWith(() => false);
    const to = ["Ada <ada@example.org>", "bob@bücher.example", "Bob@EXAMPLE.org"];
    await begin(
      mailer.send({ ...letter, to, cc: "ada@example.org", bcc: "dave@example.org", replyTo: "eve@example.org" }),
    );

    expect(asked).toEqual(["ada@example.org", "bob@xn--bcher-kva.example", "Bob@EXAMPLE.org", "dave@example.org"]);
  });

  test("is asked for all recipients at the same time", async () => {
    const { mailer, asked } = mailerWith(never);
    await begin(mailer.send({ ...letter, to: ["a@example.org", "b@example.org", "c@example.org"] }));

    expect(asked).toHaveLength(3);
  });

  test("is asked once a send, however many providers are tried", async () => {
    const { mailer, asked, primary } = mailerWith(() => false);
    primary.script("unavailable");
    const sending = await begin(mailer.send(letter));

    expect(steps(sending.receipt)).toEqual(["primary unavailable", "standby accepted"]);
    expect(asked).toHaveLength(1);
  });

  test("is not asked for a message that is invalid", async () => {
    const { mailer, asked } = mailerWith(() => true);

    const error = await errorOf(mailer.send({ ...letter, to: ["ada@example.org", "nobody"] }));

    expect(error.kind).toBe("invalid");
    expect(asked).toEqual([]);
  });

  test("is asked before it is known whether anybody can carry the message", async () => {
    const { mailer } = mailerWith(() => true);

    expect((await errorOf(mailer.send(letter, { only: [] }))).kind).toBe("suppressed");
  });

  test("tells of a suppressed message by the event of a failed send, and by no other", async () => {
    const { mailer } = mailerWith(() => true);
    const events = recordEvents(mailer);

    const error = await errorOf(mailer.send(letter, { id: "order-1" }));

    expect(events).toEqual([{ name: "failed", event: { id: "order-1", error } }]);
  });
});

/** An error as a database may throw it, with the address in its words. */
class DatabaseError extends Error {
  override readonly name = "DatabaseError";
}

describe("a suppress that fails", () => {
  it.each([
    [
      "throws",
      (address: string) => {
        throw new DatabaseError(`no row for ${address}`);
      },
      "DatabaseError",
    ],
    ["rejects", (address: string) => Promise.reject(new DatabaseError(`no row for ${address}`)), "DatabaseError"],
    [
      "rejects with the error of a connection",
      () => Promise.reject(Object.assign(new Error("connect"), { code: "ECONNREFUSED" })),
      "ECONNREFUSED",
    ],
    ["rejects with no error", (address: string) => Promise.reject(address), "without a name"],
    [
      "throws an error whose name is an address",
      (address: string) => {
        throw Object.assign(new Error(), { name: address });
      },
      "without a name",
    ],
    ["gives nothing", () => undefined, "no boolean"],
    ["gives a truthy text", () => "yes", "no boolean"],
    ["gives a promise of a number", async () => 0, "no boolean"],
  ])("sends nothing if it %s, and says so without the words of the error", async (_how, suppress, told) => {
    const { mailer, attempts } = mailerWith(suppress);

    const error = await errorOf(mailer.send(letter));

    expect(error).toMatchObject({ kind: "unavailable", sent: "no", retryable: true, attempts: [] });
    expect(error.message).toContain("suppress");
    expect(error.message).toContain(told);
    expect(inspect(error, { depth: null, showHidden: true })).not.toMatch(/ada@|no row/);
    expect(attempts()).toBe(0);
  });

  test("sends nothing if it fails for one recipient alone", async () => {
    const { mailer, attempts } = mailerWith((address) => (isAda(address) ? undefined : false));

    expect((await errorOf(mailer.send({ ...letter, cc: "bob@example.org" }))).kind).toBe("unavailable");
    expect(attempts()).toBe(0);
  });

  test("gives way to the certainty that another recipient is suppressed", async () => {
    const { mailer } = mailerWith((address) => (isAda(address) ? undefined : true));

    expect(await errorOf(mailer.send({ ...letter, cc: "bob@example.org" }))).toMatchObject({
      kind: "suppressed",
      paths: ["cc[0]"],
    });
  });

  test("is asked again when the message is sent again", async () => {
    const answers = [undefined, false];
    const { mailer } = mailerWith(() => answers.shift());
    await errorOf(mailer.send(letter));

    expect((await begin(mailer.send(letter))).accepted).toBe(true);
  });
});

describe("a suppress that takes its time", () => {
  test("has until the deadline, and no longer", async () => {
    const { mailer, attempts } = mailerWith(never, { deadline: 1_000 });
    const sending = await begin(mailer.send(letter, { id: "order-1" }));
    await elapse(980);
    expect(sending.pending).toBe(true);
    await elapse(20);

    expect(sending.error).toMatchObject({
      kind: "unavailable",
      sent: "no",
      retryable: true,
      attempts: [],
      skipped: [],
    });
    expect(sending.error.message).toBe(
      "Message order-1 was not sent: suppress gave no answer before the deadline, so that a recipient of it may be suppressed",
    );
    expect(attempts()).toBe(0);
  });

  test("leaves the rest of the deadline to the providers", async () => {
    const suppress = () => new Promise((resolve) => setTimeout(resolve, 900, false));
    const { mailer, primary } = mailerWith(suppress, { deadline: 1_000 });
    primary.script("hang");
    const sending = await begin(mailer.send(letter));
    await elapse(900);
    expect(primary.attempts).toBe(1);
    await elapse(100);

    expect(steps(sending.error)).toEqual(["primary timeout"]);
  });

  test("does not hide by the deadline that another recipient is suppressed", async () => {
    const { mailer } = mailerWith((address) => (isAda(address) ? true : never()), { deadline: 1_000 });
    const sending = await begin(mailer.send({ ...letter, cc: "bob@example.org" }));
    await elapse(1_000);

    expect(sending.error).toMatchObject({ kind: "suppressed", paths: ["to[0]"] });
  });

  test("is cut short by the caller's signal", async () => {
    const caller = new AbortController();
    const reason = new Error("the client went away");
    const { mailer, attempts } = mailerWith(never);
    const sending = await begin(mailer.send(letter, { signal: caller.signal }));
    caller.abort(reason);
    await elapse();

    expect(sending.error).toMatchObject({ kind: "aborted", sent: "no", attempts: [], cause: reason });
    expect(attempts()).toBe(0);
  });

  test("is cut short by the close of the mailer, which need not wait for it", async () => {
    const { mailer, attempts } = mailerWith(never);
    const sending = await begin(mailer.send(letter));
    const closing = mailer.close();
    await elapse();

    expect(sending.error).toMatchObject({ kind: "closed", sent: "no", attempts: [] });
    await closing;
    expect(attempts()).toBe(0);
  });

  test("may still reject after the send has ended", async () => {
    const caller = new AbortController();
    const suppress = () => new Promise((_, reject) => setTimeout(reject, 100, new Error("late")));
    const { mailer } = mailerWith(suppress);
    const sending = await begin(mailer.send(letter, { signal: caller.signal }));
    caller.abort();
    await elapse(200);

    expect(sending.error.kind).toBe("aborted");
  });

  test("leaves no timer behind once it has answered", async () => {
    const { mailer } = mailerWith(() => true);
    await errorOf(mailer.send(letter));

    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("the option suppress", () => {
  it("is taken as a function, and may be undefined", () => {
    expect(refusalWith({ suppress: () => false })).toEqual(taken);
    expect(refusalWith({ suppress: undefined })).toEqual(taken);
  });

  it.each(rows(null, true, "ada@example.org", ["ada@example.org"], new Set()))("%j is refused", (suppress) => {
    const refusal = refusalWith({ suppress });

    expect(refusal.error).toBe("TypeError");
    expect(refusal.message).toContain("options.suppress");
    expect(refusal.message).not.toContain("ada");
  });

  it("narrows the error by its kind", async () => {
    const mailer = createMailer({ providers: [memoryProvider()], suppress: isAda });
    const error: unknown = await mailer.send(letter).catch((reason: unknown) => reason);

    expect(isSteadyMailError(error) && error.kind === "suppressed" ? error.paths : []).toEqual(["to[0]"]);
  });
});
