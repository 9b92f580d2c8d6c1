import { mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { mailgun } from "../../src/providers/mailgun/index.ts";
import { mailjet } from "../../src/providers/mailjet/index.ts";
import { sendgrid } from "../../src/providers/sendgrid/index.ts";
import { ses } from "../../src/providers/ses/index.ts";
import { startServer } from "./esp-server.ts";
import { canaries, context, esps, failureOf, message } from "./esps.ts";

/** A server that does with each connection what it is told, at the level of sockets. */
async function startSocketServer(onData: (socket: net.Socket) => void): Promise<{ url: string; seen: () => number }> {
  let seen = 0;
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", () => {
      seen += 1;
      onData(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = addressOf(server);
  return { url: `http://127.0.0.1:${port}`, seen: () => seen };
}

function addressOf(server: net.Server): net.AddressInfo {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server does not listen");
  return address;
}

async function closedPort(): Promise<string> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = addressOf(server);
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

describe.each(esps)("$name", (esp) => {
  it("is not sent to where nobody listens", async () => {
    const failure = await failureOf(esp.create(await closedPort()).send(message(), context()));
    expect(failure).toMatchObject({ reason: "unreachable", scope: "provider", sent: "no", code: "ECONNREFUSED" });
  });

  it("asks once, and says that it may have sent, when the connection is reset after the request", async () => {
    const server = await startSocketServer((socket) => socket.resetAndDestroy());
    const failure = await failureOf(esp.create(server.url).send(message(), context()));
    expect(failure).toMatchObject({ reason: "response-lost", sent: "maybe" });
    expect(server.seen()).toBe(1);
  });

  it("says that it may have sent when what comes back is not HTTP", async () => {
    const server = await startSocketServer((socket) => socket.end("220 smtp.example.com ESMTP\r\n"));
    const failure = await failureOf(esp.create(server.url).send(message(), context()));
    expect(failure).toMatchObject({ reason: "bad-response", sent: "maybe" });
    expect(server.seen()).toBe(1);
  });

  it("says that it may have sent when no answer comes in time", async () => {
    const server = await startServer(() => undefined);
    const failure = await failureOf(esp.create(server.url).send(message(), context({ timeout: 150 })));
    expect(failure).toMatchObject({ reason: "timeout", sent: "maybe" });
    expect(server.requests).toHaveLength(1);
  });

  it("sends nothing for a caller who has given up", async () => {
    const server = await startServer(() => esp.accept("id-1"));
    const failure = await failureOf(esp.create(server.url).send(message(), context({ signal: AbortSignal.abort() })));
    expect(failure).toMatchObject({ reason: "aborted", scope: "none", sent: "no" });
    expect(server.requests).toEqual([]);
  });

  it("stops when the caller gives up, and says that it may have sent", async () => {
    const controller = new AbortController();
    const server = await startServer(() => {
      controller.abort();
      return undefined;
    });
    const failure = await failureOf(esp.create(server.url).send(message(), context({ signal: controller.signal })));
    expect(failure).toMatchObject({ reason: "aborted", sent: "maybe" });
  });

  it("leaves no listener on the caller's signal", async () => {
    const server = await startServer(() => esp.accept("id-1"));
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, "addEventListener");
    const remove = vi.spyOn(signal, "removeEventListener");
    await esp.create(server.url).send(message(), context({ signal }));
    const removed = remove.mock.calls.map(([, listener]) => listener);
    expect(add.mock.calls.filter(([, listener]) => !removed.includes(listener))).toEqual([]);
  });

  it("keeps fifty sends at the same time apart", async () => {
    const server = await startServer(async (request) => esp.accept(`id-of-${await esp.sendId(request)}`));
    const provider = esp.create(server.url);
    const ids = Array.from({ length: 50 }, (_, i) => `send-${i}`);
    const receipts = await Promise.all(
      ids.map((id) => provider.send(message({ subject: `Subject of ${id}.` }), context({ id }))),
    );
    expect(receipts.map(({ providerMessageId }) => /id-of-(send-\d+)/.exec(providerMessageId)?.[1])).toEqual(ids);
    expect(server.requests).toHaveLength(50);
    for (const request of server.requests) {
      expect(request.body.toString()).toContain(`Subject of ${await esp.sendId(request)}.`);
    }
  });

  it("takes no notice of proxies in the environment", async () => {
    const dead = await closedPort();
    for (const name of ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"]) vi.stubEnv(name, dead);
    onTestFinished(() => void vi.unstubAllEnvs());
    const server = await startServer(() => esp.accept("id-1"));
    expect(await esp.create(server.url).send(message(), context())).toEqual({ providerMessageId: esp.accepted });
  });

  it("prints nothing", async () => {
    const methods = ["log", "info", "warn", "error", "debug"] as const;
    const spies = methods.map((method) => vi.spyOn(console, method).mockImplementation(() => {}));
    const server = await startServer(() => esp.accept("id-1"));
    await esp.create(server.url).send(message(), context());
    await failureOf(esp.create(await closedPort()).send(message(), context()));
    expect(spies.flatMap((spy) => spy.mock.calls)).toEqual([]);
  });

  it("shows no credential when it is inspected, before a send and after", async () => {
    const server = await startServer(() => esp.accept("id-1"));
    const provider = esp.create(server.url);
    const show = () => inspect(provider, { depth: Number.POSITIVE_INFINITY, showHidden: true });
    const before = show();
    await provider.send(message(), context());
    for (const shown of [before, show(), JSON.stringify(provider)]) {
      expect(Object.values(canaries).filter((canary) => shown.includes(canary))).toEqual([]);
    }
  });

  it("has the ESP's name, or the one that it is given", () => {
    expect(esp.create("http://127.0.0.1:1").name).toBe(esp.name);
    expect(esp.create("http://127.0.0.1:1", "second").name).toBe("second");
  });

  it("can be loaded ahead, and closed before and after", async () => {
    const server = await startServer(() => esp.accept("id-1"));
    const provider = esp.create(server.url);
    await provider.load?.();
    expect(server.requests).toEqual([]);
    await provider.send(message(), context());
    await provider.close?.();
    await esp.create(server.url).close?.();
  });

  it("takes frozen messages, and changes nothing in them", async () => {
    const server = await startServer(() => esp.accept("id-1"));
    const content = new Uint8Array([1, 2, 3]);
    const sent = deepFreeze(
      message({
        attachments: [{ filename: "a.bin", contentType: "application/octet-stream", content }],
        metadata: [["a", "b"]],
        providerOptions: { Headers: { a: "b" }, list: [1] },
      }),
    );
    const before = structuredClone(sent);
    await esp.create(server.url).send(sent, context());
    expect(sent).toEqual(before);
  });
});

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value)) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}

describe("two adapters of one kind", () => {
  const authorizationOf = (key: string, secret: string) =>
    `Basic ${Buffer.from(`${key}:${secret}`).toString("base64")}`;
  const pairs = [
    {
      name: "sendgrid",
      create: (baseUrl: string, n: number) => sendgrid({ baseUrl, apiKey: `SG.key-${n}`, name: `sendgrid-${n}` }),
      expected: (n: number) => `Bearer SG.key-${n}`,
    },
    {
      name: "mailgun",
      create: (baseUrl: string, n: number) => mailgun({ baseUrl, apiKey: `key-${n}`, domain: `mg${n}.example.com` }),
      expected: (n: number) => authorizationOf("api", `key-${n}`),
    },
    {
      name: "mailjet",
      create: (baseUrl: string, n: number) => mailjet({ baseUrl, apiKey: `key-${n}`, apiSecret: `secret-${n}` }),
      expected: (n: number) => authorizationOf(`key-${n}`, `secret-${n}`),
    },
    {
      name: "ses",
      create: (baseUrl: string, n: number) =>
        ses({
          baseUrl,
          region: `eu-west-${n}`,
          credentials: { accessKeyId: `KEY${n}`, secretAccessKey: `secret-${n}` },
        }),
      expected: (n: number) => expect.stringMatching(new RegExp(`Credential=KEY${n}/\\d+/eu-west-${n}/ses/`)),
    },
  ];

  it.each(pairs)("$name: each uses its own credentials, whatever the order", async ({ name, create, expected }) => {
    const esp = esps.find((candidate) => candidate.name === name);
    const servers = await Promise.all([1, 2].map(() => startServer(() => esp?.accept("id-1"))));
    const providers = servers.map(({ url }, i) => create(url, i + 1));
    await Promise.all([0, 1, 0, 1, 1, 0].map((i) => providers[i]?.send(message(), context())));
    for (const [i, { requests }] of servers.entries()) {
      expect(requests).toHaveLength(3);
      for (const { headers } of requests) expect(headers.authorization).toEqual(expected(i + 1));
    }
  });

  it("leave the SDKs' own settings alone", async () => {
    const { default: singleton } = await import("@sendgrid/mail");
    const { default: Mailjet } = await import("node-mailjet");
    for (const esp of esps) {
      const server = await startServer(() => esp.accept("id-1"));
      await esp.create(server.url).send(message(), context());
    }
    expect(inspect(singleton, { depth: 9 })).not.toContain(canaries.sendgrid);
    expect(Reflect.get(Mailjet, "Request").protocol).toBe("https://");
  });
});

describe("SES before any request", () => {
  /** An environment in which the SDK finds nothing. */
  function emptyEnvironment(): void {
    for (const name of Object.keys(process.env).filter((key) => key.startsWith("AWS_"))) vi.stubEnv(name, undefined);
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
    vi.stubEnv("AWS_CONFIG_FILE", "/nonexistent/config");
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials");
    onTestFinished(() => void vi.unstubAllEnvs());
  }

  const credentials = { accessKeyId: canaries.awsKey, secretAccessKey: canaries.awsSecret };
  const authentication = { reason: "authentication", scope: "account", sent: "no" };

  it("says that the account is not set up when there are no credentials", async () => {
    emptyEnvironment();
    const server = await startServer(() => undefined);
    const failure = await failureOf(ses({ baseUrl: server.url, region: "eu-west-1" }).send(message(), context()));
    expect(failure).toMatchObject(authentication);
    expect(failure.detail).toMatch(
      /^CredentialsProviderError: .*: give ses\(\{ credentials \}\) or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY$/,
    );
    expect(server.requests).toEqual([]);
  });

  it("says that the account is not set up when there is no region", async () => {
    emptyEnvironment();
    const server = await startServer(() => undefined);
    const failure = await failureOf(ses({ baseUrl: server.url, credentials }).send(message(), context()));
    expect(failure).toMatchObject(authentication);
    expect(failure.detail).toBe("Region is missing: give ses({ region }) or set AWS_REGION");
  });

  it("says that the account is not set up when its credentials cannot be got", async () => {
    const server = await startServer(() => undefined);
    const provider = ses({
      baseUrl: server.url,
      region: "eu-west-1",
      credentials: () => Promise.reject(Object.assign(new Error("expired"), { name: "CredentialsProviderError" })),
    });
    expect(await failureOf(provider.send(message(), context()))).toMatchObject(authentication);
  });

  it("says no more of a function for credentials that failed than that it did", async () => {
    const server = await startServer(() => undefined);
    const provider = ses({
      baseUrl: server.url,
      region: "eu-west-1",
      credentials: () => Promise.reject(new Error("the vault at vault.example in this region is sealed")),
    });
    const failure = await failureOf(provider.send(message(), context()));
    expect(failure).toMatchObject(authentication);
    expect(failure.detail).toBe("the function that was given as credentials failed (Error)");
    expect(server.requests).toEqual([]);
  });

  it("says what to check when the endpoint in the environment is none", async () => {
    emptyEnvironment();
    vi.stubEnv("AWS_ENDPOINT_URL_SESV2", "no URL");
    const failure = await failureOf(ses({ region: "eu-west-1", credentials }).send(message(), context()));
    expect(failure).toMatchObject(authentication);
    expect(failure.detail).toMatch(/Invalid URL: check ses\(\{ endpoint \}\), AWS_ENDPOINT_URL and /);
  });

  const abandoned = [
    { what: "the time is up", timeout: 50, expected: { reason: "unreachable", sent: "no", code: "ETIMEDOUT" } },
    { what: "the caller gives up", timeout: 10_000, expected: { reason: "aborted", sent: "no" } },
  ];

  it.each(abandoned)(
    "sends nothing any more once $what before there are credentials",
    async ({ timeout, expected }) => {
      const server = await startServer(() => ({ status: 200, body: '{"MessageId":"id-1"}' }));
      const controller = new AbortController();
      let give = () => {};
      const provider = ses({
        baseUrl: server.url,
        region: "eu-west-1",
        credentials: () => {
          if (timeout > 1_000) controller.abort();
          return new Promise((resolve) => {
            give = () => resolve(credentials);
          });
        },
      });
      const { signal } = controller;
      expect(await failureOf(provider.send(message(), context({ id: "first", signal, timeout })))).toMatchObject(
        expected,
      );
      give();
      // The next send uses the same credentials: what the first one would send has had its chance by then.
      await provider.send(message(), context({ id: "second" }));
      expect(server.requests.map(({ body }) => /"(first|second)"/.exec(body.toString())?.[1])).toEqual(["second"]);
    },
  );

  it("gets credentials of a role over the same wire, outside of the attempt's one request", async () => {
    emptyEnvironment();
    const sts = await startServer(() => ({
      status: 200,
      headers: { "content-type": "text/xml" },
      body: `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
        <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId>
        <SecretAccessKey>role-secret</SecretAccessKey><SessionToken>role-token</SessionToken>
        <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
        </AssumeRoleWithWebIdentityResponse>`,
    }));
    const directory = await mkdtemp(join(tmpdir(), "steadymail-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    await writeFile(`${directory}/token`, "web-identity-token");
    vi.stubEnv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/mail");
    vi.stubEnv("AWS_WEB_IDENTITY_TOKEN_FILE", `${directory}/token`);
    vi.stubEnv("AWS_ENDPOINT_URL_STS", sts.url);
    const server = await startServer(() => ({ status: 200, body: '{"MessageId":"id-1"}' }));
    const provider = ses({ baseUrl: server.url, region: "eu-west-1" });
    expect(await provider.send(message(), context())).toEqual({ providerMessageId: "id-1" });
    expect(sts.requests).toHaveLength(1);
    expect(server.requests[0]?.headers.authorization).toContain("Credential=ASIAROLE/");
    expect(server.requests[0]?.headers["x-amz-security-token"]).toBe("role-token");
  });

  it("cannot carry an id of the send that its tags do not allow, and says so", async () => {
    const server = await startServer(() => undefined);
    const provider = ses({ baseUrl: server.url, region: "eu-west-1", credentials });
    expect(await failureOf(provider.send(message(), context({ id: "order:42" })))).toMatchObject({
      reason: "unsupported",
      scope: "message",
      sent: "no",
      detail: expect.stringContaining("id of the send"),
    });
    expect(server.requests).toEqual([]);
  });
});
