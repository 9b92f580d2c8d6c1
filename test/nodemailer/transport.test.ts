import { getEventListeners } from "node:events";
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import nodemailer from "nodemailer";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createMailer, isSteadyMailError } from "../../src/index.ts";
import { receiptOf, steadymailTransport } from "../../src/nodemailer/index.ts";
import { memoryProvider } from "../../src/testing/index.ts";
import { mail, transporterOver } from "./harness.ts";

describe("a transporter", () => {
  it("gives what Nodemailer's users expect, and the receipt", async () => {
    const { transporter } = transporterOver();
    const info = await transporter.sendMail({ ...mail, cc: "Bob <bob@example.org>", bcc: "eve@example.org" });
    expect(info).toMatchObject({
      messageId: "first-1",
      envelope: { from: "orders@example.com", to: ["ada@example.org", "bob@example.org", "eve@example.org"] },
      accepted: ["ada@example.org", "bob@example.org", "eve@example.org"],
      rejected: [],
      response: "Accepted by first as first-1",
      receipt: { provider: "first", duplicate: "no" },
    });
    expect(receiptOf(info)).toBe(info.receipt);
    expect(receiptOf({ messageId: "x" })).toBeUndefined();
  });

  it("tells of those who were written to, not of an envelope that was to be ignored", async () => {
    const { transporter } = transporterOver({ ignore: ["envelope"] });
    const info = await transporter.sendMail({ ...mail, envelope: { from: "b@example.com", to: "other@example.org" } });
    expect(info.accepted).toEqual(["ada@example.org"]);
    expect(info.envelope).toEqual({ from: "orders@example.com", to: ["ada@example.org"] });
  });

  it("calls back as it does elsewhere", async () => {
    const { transporter } = transporterOver();
    const info = await new Promise((resolve, reject) =>
      transporter.sendMail(mail, (error, given) => (error ? reject(error) : resolve(given))),
    );
    expect(info).toMatchObject({ messageId: "first-1" });
  });

  it("fails over", async () => {
    const { transporter, standby } = transporterOver({}, { script: ["unavailable"] });
    const info = await transporter.sendMail(mail);
    expect(info.receipt.provider).toBe("second");
    expect(standby.inbox).toHaveLength(1);
  });

  it("passes on the mailer's own errors", async () => {
    const { transporter } = transporterOver({ steadymail: { onUnknown: "stop" } }, { script: ["timeout"] });
    const error: unknown = await transporter.sendMail(mail).catch((thrown: unknown) => thrown);
    expect(isSteadyMailError(error) && error.kind).toBe("unknown");
  });

  it("heeds a signal, with what may have been sent", async () => {
    const controller = new AbortController();
    const { transporter } = transporterOver(
      {},
      {
        script: () => {
          controller.abort(new Error("enough"));
          return { after: 1_000 } as never;
        },
      },
    );
    const error = await transporter.sendMail({ ...mail, signal: controller.signal }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: "aborted" });
  });

  it("gives up the reading of a mail when its signal is aborted, as a send does", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const stream = new Readable({ read: () => void setImmediate(() => controller.abort(reason)) });
    const { transporter, provider } = transporterOver();
    const sending = transporter.sendMail({ ...mail, text: stream, signal: controller.signal });
    const error: unknown = await sending.catch((thrown: unknown) => thrown);
    expect(isSteadyMailError(error) && error).toMatchObject({
      kind: "aborted",
      name: "AbortError",
      sent: "no",
      cause: reason,
    });
    expect(provider.attempts).toBe(0);
  });

  it("counts the time that the reading of a mail took into its deadline", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const { transporter, provider } = transporterOver({}, { script: () => ({ accepted: true, after: 300 }) });
    const { signal } = new AbortController();
    const sendRead = async (after: number) => {
      const before = provider.attempts;
      const text = new Readable({ read() {} });
      setTimeout(() => text.push("Hello") && text.push(null), after);
      const fields = { text, signal, ...{ steadymail: { deadline: 500 } } };
      const sending = transporter.sendMail({ ...mail, ...fields }).catch((error: unknown) => error);
      await vi.advanceTimersByTimeAsync(after);
      while (provider.attempts === before) await new Promise<void>((resolve) => setImmediate(resolve));
      await vi.advanceTimersByTimeAsync(300);
      const outcome: unknown = await sending;
      expect(vi.getTimerCount()).toBe(0);
      return outcome;
    };
    expect(await sendRead(100)).toMatchObject({ receipt: { provider: "first" } });
    expect(await sendRead(400)).toMatchObject({ sent: "maybe" });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("runs the plugins of the app before it", async () => {
    const { transporter, provider } = transporterOver();
    transporter.use("compile", ({ data }, done) => {
      data.subject = `[Shop] ${data.subject}`;
      done();
    });
    await transporter.sendMail(mail);
    expect(provider.inbox[0]?.message.subject).toBe("[Shop] Your order");
  });

  it("is idle always, and leaves the mailer open when it is closed", async () => {
    const { transporter } = transporterOver();
    expect(transporter.isIdle()).toBe(true);
    transporter.close();
    await transporter.sendMail(mail);
  });

  it("closes the mailer with itself where it is told so", async () => {
    const { transporter } = transporterOver({ closesMailer: true });
    transporter.close();
    await expect(transporter.sendMail(mail)).rejects.toMatchObject({ kind: "closed" });
  });

  it("sends many at once", async () => {
    const { transporter, provider } = transporterOver();
    await Promise.all(Array.from({ length: 50 }, () => transporter.sendMail(mail)));
    expect(provider.inbox).toHaveLength(50);
  });
});

describe("verify of a transporter", () => {
  const mailerThatSays = (verdict: "good" | "bad" | "unknown") => {
    const provider = memoryProvider({ name: "only" });
    const check = { of: "credentials", verdict, finding: "It said so", advice: "Look" } as const;
    const mailer = createMailer({ providers: [{ ...wrap(provider), verify: async () => [check] }] });
    return nodemailer.createTransport(steadymailTransport(mailer));
  };
  const wrap = (provider: ReturnType<typeof memoryProvider>) => ({
    name: provider.name,
    unsupported: provider.unsupported.bind(provider),
    send: provider.send.bind(provider),
  });

  it.each(["good", "unknown"] as const)("is true where a provider is %s", async (verdict) => {
    expect(await mailerThatSays(verdict).verify()).toBe(true);
  });

  it("rejects where one is bad, with what to do", async () => {
    await expect(mailerThatSays("bad").verify()).rejects.toThrow(/only, credentials: It said so\. Look/);
  });

  it("says each in sentences, whether the adapter ended them or not", async () => {
    const checks = [
      { of: "account", verdict: "bad", finding: "It is suspended.", advice: "Ask them." },
      { of: "sender", verdict: "bad", finding: "It is not verified" },
    ] as const;
    const mailer = createMailer({
      providers: [{ ...wrap(memoryProvider({ name: "only" })), verify: async () => checks }],
    });
    await expect(nodemailer.createTransport(steadymailTransport(mailer)).verify()).rejects.toThrow(
      new Error(
        "Not every provider would take mail: only, account: It is suspended. Ask them. only, sender: It is not verified.",
      ),
    );
  });

  it("calls back", async () => {
    const called = await new Promise((resolve) => mailerThatSays("bad").verify((error) => resolve(error)));
    expect(called).toBeInstanceOf(Error);
  });
});

it("the transport tells the version of the package", () => {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect(steadymailTransport(transporterOver().mailer).version).toBe(version);
});
