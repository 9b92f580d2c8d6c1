import { PassThrough } from "node:stream";
import type { MailMessage } from "nodemailer/lib/mailer/index.js";
import { describe, expect, it } from "vitest";
import { type Mail, mail, transporterOver } from "./harness.ts";

/** Sends through a plugin of the app's that changes the message once it is compiled. */
async function sendThrough(plugin: (message: NonNullable<MailMessage["message"]>) => void, fields: Mail = {}) {
  const { transporter, provider, standby } = transporterOver({ ignore: ["dkim", "otp"] });
  transporter.use("stream", ({ message }, done) => {
    if (message) plugin(message);
    done();
  });
  const outcome: unknown = await transporter.sendMail({ ...mail, ...fields }).catch((error: unknown) => error);
  expect(standby.inbox).toEqual([]);
  return { outcome, arrived: provider.inbox.map(({ message }) => message) };
}

describe("what a plugin sets on the compiled message arrives:", () => {
  it("headers, new ones and others than were given", async () => {
    const { arrived } = await sendThrough(
      (message) => {
        message.setHeader("X-Shop", "later");
        message.addHeader("X-Tenant", "42");
      },
      { headers: { "X-Shop": "first" } },
    );
    expect(arrived).toHaveLength(1);
    expect(arrived[0]?.headers).toEqual([
      ["X-Shop", "later"],
      ["X-Tenant", "42"],
    ]);
  });

  it("the subject", async () => {
    const { arrived } = await sendThrough((message) => void message.setHeader("Subject", "[Shop] Your order"));
    expect(arrived[0]?.subject).toBe("[Shop] Your order");
  });

  it("recipients", async () => {
    const { arrived, outcome } = await sendThrough((message) => void message.setHeader("To", "Bob <bob@example.org>"));
    expect(arrived[0]?.to).toEqual([{ name: "Bob", address: "bob@example.org" }]);
    expect(outcome).toMatchObject({ accepted: ["bob@example.org"] });
  });

  it("and nothing of what is to be ignored", async () => {
    const dkim = { domainName: "example.com", keySelector: "k", privateKey: "x" };
    const { arrived } = await sendThrough(() => {}, { dkim, otp: { code: "123456", origin: "https://example.com" } });
    expect(arrived[0]?.headers).toEqual([]);
  });
});

describe("a mail that a plugin", () => {
  it.each([
    [
      "transforms, as one that encrypts it",
      (message: { transform(by: () => PassThrough): unknown }) => void message.transform(() => new PassThrough()),
    ],
    [
      "processes",
      (message: { processFunc(by: (input: PassThrough) => PassThrough): unknown }) =>
        void message.processFunc((input) => input),
    ],
  ])("%s is refused, since it would go out without that", async (_, plugin) => {
    const { outcome, arrived } = await sendThrough(plugin as never);
    expect(arrived).toEqual([]);
    expect(outcome).toMatchObject({
      kind: "invalid",
      problems: [{ path: "message", message: expect.stringContaining("plugin") }],
    });
  });

  it("gives a header twice is refused", async () => {
    const { outcome, arrived } = await sendThrough((message) => {
      message.addHeader("X-Two", "1");
      message.addHeader("X-Two", "2");
    });
    expect(arrived).toEqual([]);
    expect(outcome).toMatchObject({ kind: "invalid", problems: [{ path: "headers" }] });
  });
});
