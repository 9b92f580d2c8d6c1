import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
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
  ])("with %s cannot be carried", async (field, fields) => {
    expect(made({})().unsupported(await prepared(fields))).toEqual([field]);
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

  it("of a server of another name ends the attempt before the login", async () => {
    for (const encryption of ["starttls", "from-start"] as const) {
      const esp = await server({ encryption });
      const tls = { ...encrypted.tls, servername: "other.example.com" };
      const provider = providerAt(esp, { ...encrypted, tls, secure: encryption === "from-start" });
      expect(await failureOf(provider)).toMatchObject({ reason: "unreachable", code: "ERR_TLS_CERT_ALTNAME_INVALID" });
      expect(esp.lines.join()).not.toContain("AUTH");
    }
  });

  it("that the server does not offer ends the attempt before the login", async () => {
    const script = ({ point }: { point: string }) =>
      point === "STARTTLS" ? { say: "502 5.5.1 No such command" } : undefined;
    const esp = await server({ script });
    expect(await failureOf(providerAt(esp, encrypted))).toMatchObject({ reason: "unavailable", sent: "no" });
    expect(esp.lines.join()).not.toMatch(/AUTH|MAIL/);
  });

  it("forgets what was said before it", async () => {
    // As somebody in between would do it: an answer that is there before it was asked for.
    const script = ({ point, time }: { point: string; time: number }) =>
      point === "STARTTLS" && time === 1 ? { say: "220 Ready\r\n250 injected", cut: "end" as const } : undefined;
    const esp = await server({ encryption: "starttls", script });
    expect(await failureOf(providerAt(esp, encrypted))).toMatchObject({ sent: "no" });
    expect(esp.inbox).toEqual([]);
  });
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
