import https from "node:https";
import type net from "node:net";
import type { Duplex } from "node:stream";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createWire } from "../../src/wire/client.ts";
import { errorOf, Limits, post, serverThat } from "./harness.ts";
import { answerOk, cert } from "./raw-server.ts";

/** Makes every host name stand for this machine, so that it is reached under a name that is not loopback. */
const lookup: net.LookupFunction = (_, options, done) => {
  if (options.all) done(null, [{ address: "127.0.0.1", family: 4 }]);
  else done(null, "127.0.0.1", 4);
};

async function espNamed(host: string): Promise<{ url: URL; requests: readonly unknown[] }> {
  const esp = await serverThat(answerOk, "https");
  return { url: new URL(`https://${host}:${esp.port}/send`), requests: esp.requests };
}

function agent(options: https.AgentOptions): https.Agent {
  const made = new https.Agent({ lookup, ...options });
  onTestFinished(() => made.destroy());
  return made;
}

describe("the certificate", () => {
  it("that is trusted and names the host is accepted", async () => {
    const { url } = await espNamed("esp.test");
    const response = await createWire({ agent: agent({ ca: cert }) }).request(post(url), new Limits());

    expect(response.status).toBe(200);
  });

  it.each([
    ["is not trusted", "esp.test", {}, "DEPTH_ZERO_SELF_SIGNED_CERT"],
    ["names another host", "other.test", { ca: cert }, "ERR_TLS_CERT_ALTNAME_INVALID"],
  ] as const)("that %s makes the host unreachable, with nothing sent", async (_, host, options, code) => {
    const { url, requests } = await espNamed(host);
    const limits = new Limits();
    const error = await errorOf(createWire({ agent: agent(options) }).request(post(url), limits));

    expect(error.failure).toMatchObject({ reason: "unreachable", sent: "no", code });
    expect(limits.phases).toEqual([]);
    expect(requests).toHaveLength(0);
  });

  it("is verified for loopback too, where no agent says otherwise", async () => {
    const { url } = await espNamed("127.0.0.1");
    const error = await errorOf(createWire().request(post(url), new Limits()));

    expect(error.failure).toMatchObject({ reason: "unreachable", sent: "no", code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
  });

  it("is verified although the environment says not to", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    onTestFinished(() => void vi.unstubAllEnvs());
    const { url, requests } = await espNamed("esp.test");
    const error = await errorOf(createWire({ agent: agent({}) }).request(post(url), new Limits()));

    expect(error.failure).toMatchObject({ reason: "unreachable", sent: "no", code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    expect(requests).toHaveLength(0);
  });

  it("that an agent accepted without verifying it sends nothing", async () => {
    class LaxAgent extends https.Agent {
      override createConnection(options: https.RequestOptions): Duplex | null | undefined {
        return super.createConnection({ ...options, rejectUnauthorized: false });
      }
    }
    const { url, requests } = await espNamed("esp.test");
    const error = await errorOf(createWire({ agent: new LaxAgent({ lookup }) }).request(post(url), new Limits()));

    expect(error.failure).toMatchObject({ reason: "unreachable", sent: "no", code: "ERR_TLS_CERT_NOT_VERIFIED" });
    expect(requests).toHaveLength(0);
  });
});

describe("an agent that turns verification off", () => {
  const insecure = () => agent({ rejectUnauthorized: false });

  it("is refused when the wire is made for another host than loopback, with what to do instead", () => {
    const make = () => createWire({ agent: insecure(), baseUrl: new URL("https://api.example.com") });

    expect(make).toThrow(TypeError);
    expect(make).toThrow(/rejectUnauthorized.*api\.example\.com.*ca/);
  });

  it("is refused with each request to another host than loopback, before anything is sent", async () => {
    const { url, requests } = await espNamed("esp.test");
    const limits = new Limits();
    const error = await errorOf(createWire({ agent: insecure() }).request(post(url), limits));

    expect(error.failure).toMatchObject({ reason: "internal", scope: "none", sent: "no" });
    expect(error.failure.detail).toContain("rejectUnauthorized");
    expect(requests).toHaveLength(0);
    expect(limits.listeners).toBe(0);
  });

  it.each(["127.0.0.1", "127.9.9.9", "localhost", "[::1]"])("is allowed for %s", (host) => {
    expect(() => createWire({ agent: insecure(), baseUrl: new URL(`https://${host}:8443`) })).not.toThrow();
  });

  it("is used for loopback", async () => {
    const { url } = await espNamed("localhost");

    expect((await createWire({ agent: insecure() }).request(post(url), new Limits())).status).toBe(200);
  });
});

describe("what is not TLS", () => {
  it.each(["http://api.example.com/", "http://127.0.0.1.example.com/", "http://10.0.0.1/"])(
    "is refused for another host than loopback: %s",
    async (address) => {
      const url = new URL(address);
      expect(() => createWire({ baseUrl: url })).toThrow(TypeError);
      const error = await errorOf(createWire().request(post(url), new Limits()));

      expect(error.failure).toMatchObject({ reason: "internal", sent: "no" });
      expect(error.failure.detail).toContain("https:");
    },
  );

  it("and not HTTP either is refused, for loopback too", async () => {
    const error = await errorOf(createWire().request(post(new URL("ftp://127.0.0.1/")), new Limits()));

    expect(error.failure).toMatchObject({ reason: "internal", sent: "no" });
  });

  it("answers a request for http with bytes that are not HTTP, if it expects TLS", async () => {
    const esp = await serverThat(answerOk, "https");
    const url = new URL(`http://127.0.0.1:${esp.port}/`);
    const error = await errorOf(createWire().request(post(url), new Limits()));

    expect(error.failure.sent).toBe("maybe");
    expect(esp.requests).toHaveLength(0);
  });
});
