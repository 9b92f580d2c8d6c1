import nodemailer from "nodemailer";
import { expect, it, vi } from "vitest";
import { createMailer } from "../../src/index.ts";
import { steadymailTransport } from "../../src/nodemailer/index.ts";
import { memoryProvider } from "../../src/testing/index.ts";
import { message, providerAt, server, stopTime } from "./harness.ts";

/** Two servers, the second as a standby, in one mailer. */
async function twoServers(options: { readonly concurrency?: number; readonly prove?: number } = {}) {
  const [first, second] = [await server(), await server()];
  const { prove, ...limits } = options;
  const mailer = createMailer({
    providers: [
      { provider: providerAt(first, { name: "first" }), ...limits },
      { provider: providerAt(second, { name: "second" }), prove },
    ],
    retry: { maxRounds: 1 },
  });
  mailer.on("provider:down", () => {});
  return { first, second, mailer };
}

const mails = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ ...message, to: `reader-${at}@example.org` }));

it("two servers under two names fail over to each other, and come back", async () => {
  const { first, second, mailer } = await twoServers();
  first.script = ({ point }) => (point === "MAIL" ? { say: "421 4.3.2 Shutting down", cut: "end" } : undefined);
  expect(await mailer.send(message)).toMatchObject({ provider: "second", duplicate: "no" });
  first.script = () => undefined;
  expect(await mailer.send(message)).toMatchObject({ provider: "first" });
  expect([first.inbox.length, second.inbox.length]).toEqual([1, 1]);
});

it("a drill opens no connection to the server that is rehearsed to be down", async () => {
  const { first, second, mailer } = await twoServers();
  const drill = mailer.drill("first", "unreachable", { for: 60_000 });
  expect(await mailer.send(message)).toMatchObject({ provider: "second" });
  expect(first.sockets).toEqual([]);
  drill[Symbol.dispose]();
  expect(second.inbox).toHaveLength(1);
});

it("a warmed mailer has logged in at the standby too, and says which of them did not let it", async () => {
  const { first, second, mailer } = await twoServers();
  first.script = ({ point }) => (point === "AUTH" ? { say: "535 5.7.8 Bad credentials" } : undefined);
  mailer.on("warning", () => {});
  const warmths = await mailer.warm();
  expect(warmths).toMatchObject([
    { provider: "first", ready: false, failure: { reason: "authentication" } },
    { provider: "second", ready: true },
  ]);
  await mailer.send(message);
  expect(second.sockets).toHaveLength(1);
});

it("a campaign goes mail by mail over as many connections as attempts may run, each recipient once", async () => {
  const { first, mailer } = await twoServers({ concurrency: 2 });
  const { to: _, ...newsletter } = message;
  const summary = await mailer
    .sendBulk({ message: { ...newsletter, unsubscribe: false }, recipients: mails(40).map(({ to }) => ({ to })) })
    .finish();
  expect(summary).toMatchObject({ accepted: 40 });
  expect(first.inbox.flatMap(({ to }) => to).toSorted()).toEqual(
    mails(40)
      .map(({ to }) => to)
      .toSorted(),
  );
  expect(first.sockets.length).toBeLessThanOrEqual(2);
});

it("a server on probation gets its share, and no more", async () => {
  const { first, second, mailer } = await twoServers({ prove: 0.25 });
  for (const mail of mails(8)) await mailer.send(mail);
  expect([first.inbox.length, second.inbox.length]).toEqual([6, 2]);
});

it("mails that wait in vain for a connection of a slow server do not count against it", async () => {
  stopTime();
  const slow = await server({ script: ({ point }) => (point === "end" ? { take: true } : undefined) });
  const standby = memoryProvider({ name: "standby" });
  const mailer = createMailer({ providers: [providerAt(slow, { maxConnections: 1 }), standby] });
  const downs: string[] = [];
  mailer.on("provider:down", ({ provider }) => downs.push(provider));
  const sending = mails(20).map((mail) => mailer.send(mail));
  await slow.until(() => slow.reached("end") === 1);
  await vi.advanceTimersByTimeAsync(9_900);
  slow.sockets[0]?.write("250 2.0.0 Ok: queued as 1A7F\r\n");
  const receipts = await Promise.all(sending);
  expect(receipts.map(({ provider }) => provider)).toEqual(["smtp", ...Array(19).fill("standby")]);
  expect(receipts.every(({ duplicate }) => duplicate === "no")).toBe(true);
  expect(receipts.at(-1)?.attempts[0]).toMatchObject({
    outcome: "not-sent",
    failure: { reason: "internal", scope: "none", detail: expect.stringContaining("raise maxConnections") },
  });
  expect(downs).toEqual([]);
});

it("a mailer that is closed in the midst of a body lets it come to its end, and says goodbye", async () => {
  const { first, mailer } = await twoServers();
  let closed: Promise<void> | undefined;
  first.script = ({ point }) => {
    if (point === "body") closed ??= mailer.close();
    return undefined;
  };
  const attachments = [{ filename: "a.bin", content: new Uint8Array(1_000_000) }];
  const receipt = await mailer.send({ ...message, attachments });
  expect(receipt).toMatchObject({ provider: "first", duplicate: "no" });
  await closed;
  await first.until(() => first.open === 0);
  expect(first.inbox).toHaveLength(1);
});

it("what Nodemailer is given goes out by SMTP as it would have by its own", async () => {
  const { first, mailer } = await twoServers();
  const transporter = nodemailer.createTransport(steadymailTransport(mailer));
  const info = await transporter.sendMail({
    ...{ from: "Shop <orders@example.com>", to: "Ada <ada@example.org>", bcc: "eve@example.org" },
    ...{ subject: "Einladung", text: ".Punkt", icalEvent: { method: "REQUEST", content: "BEGIN:VCALENDAR" } },
    list: { unsubscribe: "https://example.com/u?t=1" },
  });
  expect(info.messageId).toBe("1A7F");
  expect(first.inbox[0]?.to).toEqual(["ada@example.org", "eve@example.org"]);
  const data = first.inbox[0]?.data ?? "";
  expect(data).toMatch(/^List-Unsubscribe: <https:\/\/example\.com\/u\?t=1>\r$/m);
  expect(data).toMatch(/^Content-Type: text\/calendar; charset=utf-8; method=REQUEST; name=invite\.ics\r$/m);
  expect(data).toContain("\r\n.Punkt\r\n");
  expect(data).not.toContain("eve@");
});

it("with onUnknown: 'stop', a connection that has idled for a second is not used", async () => {
  stopTime();
  const { first, mailer } = await twoServers();
  await mailer.send(message, { onUnknown: "stop" });
  await vi.advanceTimersByTimeAsync(999);
  await mailer.send(message, { onUnknown: "stop" });
  expect(first.sockets).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1_000);
  await mailer.send(message, { onUnknown: "stop" });
  expect(first.sockets).toHaveLength(2);
});
