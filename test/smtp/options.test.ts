import { inspect } from "node:util";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type SmtpOptions, smtp } from "../../src/providers/smtp/index.ts";
import { Context, encrypted, failureOf, prepared, providerAt, server } from "./harness.ts";

const auth = { user: "ada", pass: "pa55-word" };
const made = (options: object) => () => smtp({ host: "smtp.example.com", auth, ...options } as SmtpOptions<string>);

describe("options", () => {
  it.each([
    ["no host", { host: undefined }, /host must be the name of a server/],
    ["a URL as host", { host: "smtp://example.com" }, /host must be the name/],
    ["a host with a line break", { host: "example.com\r\nx" }, /host must be the name/],
    ["a port beyond the last", { port: 70_000 }, /port must be an integer from 1 to 65535/],
    ["no auth", { auth: undefined }, /auth: options must be an object/],
    ["no password", { auth: { user: "ada", pass: undefined } }, /auth\.pass .* is the environment variable set\?/],
    ["a password with a line break", { auth: { user: "ada", pass: "se\ncret" } }, /auth\.pass holds a line break/],
    ["a password beside a token", { auth: { ...auth, accessToken: () => "x" } }, /auth\.accessToken must/],
    ["TLS switched off", { requireTls: false }, /requireTls must not be false for smtp\.example\.com/],
    ["certificates not verified", { tls: { rejectUnauthorized: false } }, /rejectUnauthorized must not be false/],
    [
      "another check of the server's name",
      { tls: { checkServerIdentity: () => undefined } },
      /"checkServerIdentity" is no option/,
    ],
    ["a header with a colon", { tagHeader: "X-Tag: x" }, /tagHeader holds a character/],
    ["an option that does not exist", { pool: true }, /"pool" is no option; there are name, host/],
    ["no connections", { maxConnections: 0 }, /maxConnections must be an integer from 1 to 50/],
  ])("with %s are refused", (_, options, message) => {
    expect(made(options)).toThrow(message);
    try {
      made(options)();
    } catch (error) {
      expect(String(error)).not.toMatch(/pa55|cret/);
    }
  });

  it.each([
    { host: "127.0.0.1", requireTls: false },
    { host: "::1", requireTls: false },
    { host: "localhost", tls: { rejectUnauthorized: false } },
  ])("%j are taken for loopback", (options) => {
    expect(made(options)).not.toThrow();
  });

  it("stay out of what can be looked at", () => {
    expect(inspect(made({})(), { depth: 9, showHidden: true })).not.toMatch(/pa55|ada/);
  });

  it("give the provider its name", () => {
    expect(smtp({ host: "smtp.example.com", auth }).name).toBe("smtp");
    expect(smtp({ name: "postmark", host: "smtp.example.com", auth }).name).toBe("postmark");
  });
});

/** What no line of a mail has room for, and what cannot be broken into several. */
const long = "x".repeat(991);

describe("a message", () => {
  it.each([
    ["template", { template: { id: "x" }, subject: "" }],
    ["tracking", { tracking: { opens: true } }],
    ["sendAt", { sendAt: new Date(Date.now() + 60_000) }],
    ["tags", { tags: ["a"] }],
    ["metadata", { metadata: { a: "b" } }],
    ["headers", { headers: { "X-STEADYMAIL-ID": "mine" } }],
    ["providerOptions", { providerOptions: { smtp: { dsn: true } } }],
    ["replyTo", { replyTo: "grüße@example.com" }],
    ["recipients", { to: '"a<b>"@example.org' }],
    ["headers", { headers: { "X-Token": long } }],
    ["subject", { subject: long }],
    ["attachments", { attachments: [{ filename: long, content: new Uint8Array(1) }] }],
    ["attachments", { attachments: [{ filename: "a.png", contentId: long, content: new Uint8Array(1) }] }],
  ])("with %s cannot be carried", async (field, fields) => {
    expect(made({})().unsupported(await prepared(fields))).toEqual([field]);
  });

  it("whose tags or metadata fit into no line cannot be carried, unless they can be broken", async () => {
    const provider = made({ tagHeader: "X-Tag", metadataHeader: "X-Meta-" })();
    const words = "word ".repeat(300);
    expect(provider.unsupported(await prepared({ tags: [long] }))).toEqual(["tags"]);
    expect(provider.unsupported(await prepared({ metadata: { a: long } }))).toEqual(["metadata"]);
    expect(provider.unsupported(await prepared({ tags: [words], metadata: { a: `${long}ü` } }))).toEqual([]);
  });

  it("whose metadata has a name that is none of a header cannot be carried", async () => {
    const provider = made({ metadataHeader: "X-Meta-" })();
    expect(provider.unsupported(await prepared({ metadata: { "a b": "c" } }))).toEqual(["metadata"]);
    expect(provider.unsupported(await prepared({ metadata: { a: "c" }, headers: { "x-meta-A": "d" } }))).toEqual([
      "headers",
    ]);
  });
});

describe("TLS", () => {
  it("of a server that nobody trusts ends the attempt before the login", async () => {
    for (const encryption of ["starttls", "from-start"] as const) {
      const esp = await server({ encryption });
      const provider = providerAt(esp, { host: "localhost", requireTls: true, secure: encryption === "from-start" });
      expect(await failureOf(provider)).toMatchObject({ reason: "unreachable", code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
      expect(esp.lines.join()).not.toContain("AUTH");
    }
  });

  it("is verified also where an environment variable says not to", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    onTestFinished(() => void vi.unstubAllEnvs());
    for (const secure of [false, true]) {
      const esp = await server({ encryption: secure ? "from-start" : "starttls" });
      const provider = providerAt(esp, { host: "localhost", requireTls: true, secure });
      expect(await failureOf(provider)).toMatchObject({ reason: "unreachable", sent: "no" });
      expect(esp.lines.join()).not.toContain("AUTH");
    }
  });

  it("of a server on this machine is taken unverified where that was asked for", async () => {
    const esp = await server({ encryption: "starttls" });
    await providerAt(esp, { requireTls: true, tls: { rejectUnauthorized: false } }).send(
      await prepared(),
      new Context(),
    );
    expect(esp.inbox).toHaveLength(1);
  });

  it("of a server of another name ends the attempt before the login", async () => {
    for (const encryption of ["starttls", "from-start"] as const) {
      const esp = await server({ encryption });
      const tls = { ...encrypted.tls, servername: "other.example.com" };
      const provider = providerAt(esp, { ...encrypted, tls, secure: encryption === "from-start" });
      expect(await failureOf(provider)).toMatchObject({ reason: "unreachable", code: "ERR_TLS_CERT_ALTNAME_INVALID" });
      expect(esp.lines.join()).not.toContain("AUTH");
    }
  });

  it("that begins otherwise than was said is no connection", async () => {
    const plain = await server();
    expect(await failureOf(providerAt(plain, { ...encrypted, secure: true }))).toMatchObject({
      reason: "unreachable",
      code: expect.stringMatching(/^ERR_SSL_/),
    });
    const silent = await server({ script: ({ point }) => (point === "connect" ? { stall: true } : undefined) });
    for (const secure of [true, false]) {
      const context = new Context({ timeout: 50 });
      const failure = await failureOf(providerAt(silent, { ...encrypted, secure }), undefined, context);
      expect(failure).toMatchObject({ reason: "unreachable", code: "ETIMEDOUT", sent: "no" });
    }
    for (const socket of silent.sockets) socket.resume();
    await silent.until(() => silent.open === 0);
  });

  it("that the server does not offer ends the attempt before the login", async () => {
    const script = ({ point }: { point: string }) =>
      point === "STARTTLS" ? { say: "502 5.5.1 No such command" } : undefined;
    const esp = await server({ script });
    expect(await failureOf(providerAt(esp, encrypted))).toMatchObject({ reason: "unavailable", sent: "no" });
    expect(esp.lines.join()).not.toMatch(/AUTH|MAIL/);
  });

  it("forgets what was offered before it", async () => {
    const before = { say: "250-mail.example.com\r\n250-STARTTLS\r\n250 SIZE 10\r\n" };
    const esp = await server({
      encryption: "starttls",
      script: ({ point, time }) => (point === "EHLO" && time === 1 ? before : undefined),
    });
    await providerAt(esp, encrypted).send(await prepared(), new Context());
    expect(esp.inbox).toHaveLength(1);
  });

  it.each(["250 SIZE 1", "250-", "250 SIZE 1\r\n235 2.7.0 Accepted\r\n250 Ok\r\n"])(
    "forgets what was said before it, as '%s'",
    async (injected) => {
      // As somebody in between would do it: answers that are there before they were asked for.
      const ready = { say: `220 2.0.0 Ready\r\n${injected}`, goOn: true } as const;
      const script = ({ point }: { point: string }) => (point === "STARTTLS" ? ready : undefined);
      const esp = await server({ encryption: "starttls", script });
      await providerAt(esp, encrypted).send(await prepared(), new Context());
      expect(esp.lines.map((line) => line.split(/[ :]/)[0])).toEqual([
        "",
        "EHLO",
        "STARTTLS",
        "EHLO",
        "AUTH",
        "MAIL",
        "RCPT",
        "DATA",
      ]);
      expect(esp.inbox).toHaveLength(1);
    },
  );
});

it("a server without AUTH is not sent a message, unless auth is false", async () => {
  const script = ({ point }: { point: string }) => (point === "EHLO" ? { say: "250 mail.example.com" } : undefined);
  const esp = await server({ script });
  expect(await failureOf(providerAt(esp))).toMatchObject({ reason: "authentication", sent: "no" });
  await providerAt(esp, { auth: false }).send(await prepared(), new Context());
  expect(esp.inbox).toHaveLength(1);
});

it("a port where nobody listens is unreachable", async () => {
  const esp = await server();
  const { port } = esp;
  await esp.close();
  const failure = await failureOf(providerAt({ port }));
  expect(failure).toMatchObject({ reason: "unreachable", sent: "no", code: "ECONNREFUSED" });
});

it("an access token that comes after the attempt was given up opens no connection", async () => {
  const esp = await server();
  let give = (_token: string) => {};
  const context = new Context();
  const accessToken = () =>
    new Promise<string>((resolve) => {
      give = resolve;
      setImmediate(() => context.controller.abort());
    });
  const sending = failureOf(providerAt(esp, { auth: { user: "ada", accessToken } }), undefined, context);
  expect(await sending).toMatchObject({ reason: "aborted", sent: "no" });
  give("token");
  await providerAt(esp).send(await prepared(), new Context());
  // The later one alone.
  expect(esp.sockets).toHaveLength(1);
});
