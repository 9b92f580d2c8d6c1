import { afterEach, describe, expect, expectTypeOf, it, vi } from "vitest";
import { logProvider, type PreparedMessage, type Provider } from "../../src/testing/index.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const attempt = { id: "send-1", signal: new AbortController().signal, timeout: 10_000, fresh: false };

const message: PreparedMessage = {
  from: { name: "Shop", address: "orders@example.com" },
  to: [{ address: "ada@example.org" }, { name: "Bob", address: "bob@example.org" }],
  cc: [{ address: "carol@example.org" }],
  bcc: [{ address: "dave@example.org" }],
  replyTo: [{ address: "help@example.com" }],
  subject: "Your order",
  text: "x".repeat(1_200),
  html: "x",
  attachments: [{ filename: "a", contentType: "text/plain", content: new Uint8Array(34_567) }],
  headers: [],
  tags: ["order", "spring"],
  metadata: [],
  tracking: { opens: false, clicks: false },
  sendAt: Date.UTC(2030, 0, 1),
  size: 0,
};

describe("a log provider", () => {
  it("accepts everything and prints a summary of each message", async () => {
    const lines: string[] = [];
    const provider = logProvider({ write: (line) => lines.push(line) });
    expect(provider.unsupported(message)).toEqual([]);
    expect(await provider.send(message, attempt)).toEqual({ providerMessageId: "log-1" });
    expect(lines).toEqual([
      "[log-1] Your order",
      "  from Shop <orders@example.com>",
      "  to ada@example.org, Bob <bob@example.org>",
      "  cc carol@example.org",
      "  bcc dave@example.org",
      "  reply to help@example.com",
      "  text 1,200 characters, html 1 character, 1 attachment (34,567 bytes), tags: order spring, not before 2030-01-01T00:00:00.000Z",
    ]);
  });

  it("leaves out what a message does not have", async () => {
    const lines: string[] = [];
    const { text: _, html: __, sendAt: ___, ...rest } = message;
    const bare = { ...rest, cc: [], bcc: [], replyTo: [], attachments: [], tags: [] };
    const provider = logProvider({ name: "dev", write: (line) => lines.push(line) });
    await provider.send({ ...bare, template: { id: "welcome", variables: {} } }, attempt);
    expect(lines.slice(3)).toEqual(["  template welcome"]);
    expect(await provider.send(bare, attempt)).toEqual({ providerMessageId: "dev-2" });
    expect(lines.slice(4)).toEqual([
      "[dev-2] Your order",
      "  from Shop <orders@example.com>",
      "  to ada@example.org, Bob <bob@example.org>",
    ]);
  });

  it("writes to the standard output by default", async () => {
    const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    await logProvider().send(message, attempt);
    const written = write.mock.calls.map(([chunk]) => chunk);
    vi.restoreAllMocks();
    expect(written[0]).toBe("[log-1] Your order\n");
    expect(written).toHaveLength(7);
  });

  it("refuses an option that it does not have, by name", () => {
    const create = () => Reflect.apply(logProvider, undefined, [{ wirte: () => undefined }]);
    expect(create).toThrow(TypeError);
    expect(create).toThrow('logProvider: "wirte" is no option; there are name, write');
  });

  it("has its name as a type", () => {
    expectTypeOf(logProvider()).toEqualTypeOf<Provider<"log">>();
    expectTypeOf(logProvider({ name: "dev" })).toEqualTypeOf<Provider<"dev">>();
  });
});
