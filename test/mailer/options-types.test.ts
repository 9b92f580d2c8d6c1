import { describe, expect, expectTypeOf, it } from "vitest";
import {
  createMailer,
  type Mailer,
  type Message,
  type Problem,
  type Provider,
  type ProviderChange,
  type ProviderHealth,
  type Receipt,
  type SendOptions,
} from "../../src/index.ts";
import { sendgrid } from "../../src/providers/sendgrid/index.ts";
import { logProvider } from "../../src/testing/log-provider.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { letter } from "./health-support.ts";

const mailer = createMailer({
  providers: [
    [{ provider: memoryProvider({ name: "eu" }), weight: 3 }, memoryProvider({ name: "us" })],
    { provider: memoryProvider({ name: "spare" }), labels: ["eu"] },
  ],
});
type Name = "eu" | "us" | "spare";

function own2() {
  return { ...memoryProvider({ name: "own2" }), unsupported: () => [], send: async () => ({ providerMessageId: "1" }) };
}

describe("the names of the providers are inferred as literal types", () => {
  it("from providers, routes and groups alike", () => {
    expectTypeOf(mailer).toEqualTypeOf<Mailer<Name>>();
    expectTypeOf(createMailer({ providers: [memoryProvider()] })).toEqualTypeOf<Mailer<"memory">>();
    expectTypeOf(createMailer({ providers: [memoryProvider(), logProvider()] })).toEqualTypeOf<
      Mailer<"memory" | "log">
    >();
  });

  it("of providers of whichever types side by side: built in, in memory, and one's own", () => {
    const own = { name: "own", unsupported: () => [], send: async () => ({ providerMessageId: "1" }) } as const;
    const mixed = createMailer({
      providers: [
        [sendgrid({ apiKey: "SG.test" }), { provider: memoryProvider() }],
        own,
        { provider: own2(), weight: 2 },
      ],
    });

    expectTypeOf(mixed).toEqualTypeOf<Mailer<"sendgrid" | "memory" | "own" | "own2">>();
    expect(mixed.health()).toHaveLength(4);
  });

  it("a provider whose name is only known to be a string makes all names strings", () => {
    const some: Provider = memoryProvider({ name: "eu" });

    expectTypeOf(createMailer({ providers: [some] })).toEqualTypeOf<Mailer<string>>();
  });

  it("isolate takes them alone", () => {
    expectTypeOf(mailer.isolate).parameter(0).toEqualTypeOf<Name>();
    expectTypeOf(mailer.isolate).returns.toEqualTypeOf<Disposable>();
    // @ts-expect-error: no such provider
    expect(() => mailer.isolate("uk")).toThrow(RangeError);
  });

  it("only and except take them alone", async () => {
    expectTypeOf<NonNullable<SendOptions<Name>["only"]>>().toEqualTypeOf<readonly Name[]>();
    expectTypeOf<NonNullable<SendOptions<Name>["except"]>>().toEqualTypeOf<readonly Name[]>();
    // @ts-expect-error: no such provider
    await expect(mailer.send(letter, { only: ["uk"] })).rejects.toThrow(RangeError);
    // @ts-expect-error: no such provider
    await expect(mailer.send(letter, { except: ["uk"] })).rejects.toThrow(RangeError);
  });

  it("templates and providerOptions take them alone as keys", async () => {
    expectTypeOf(mailer.send).parameter(0).toEqualTypeOf<Message<Name>>();
    await mailer.send({ ...letter, template: { id: { eu: "d-1", us: "d-2", spare: "d-3" } } });
    await mailer.send({ ...letter, providerOptions: { eu: {} } });
    // @ts-expect-error: no such provider
    await expect(mailer.send({ ...letter, template: { id: { uk: "d-1" } } })).rejects.toThrow("uk");
    // @ts-expect-error: no such provider
    await expect(mailer.send({ ...letter, providerOptions: { uk: {} } })).rejects.toThrow("uk");
  });

  it("a receipt's providers are of them", async () => {
    expectTypeOf(mailer.send).returns.resolves.toEqualTypeOf<Receipt<Name>>();
    expectTypeOf<Receipt<Name>["provider"]>().toEqualTypeOf<Name>();
    expectTypeOf<Receipt<Name>["attempts"][number]["provider"]>().toEqualTypeOf<Name>();
    expectTypeOf<Receipt<Name>["skipped"][number]["provider"]>().toEqualTypeOf<Name>();
  });

  it("health() tells of them", () => {
    expectTypeOf(mailer.health).returns.toEqualTypeOf<readonly ProviderHealth<Name>[]>();
  });
});

describe("events are typed by their names", () => {
  it("each listener gets its own event, with the names of the providers", () => {
    mailer.on("accepted", ({ id, receipt }) => {
      expectTypeOf(id).toEqualTypeOf<string>();
      expectTypeOf(receipt).toEqualTypeOf<Receipt<Name>>();
    });
    mailer.on("failover", ({ from, to }) => expectTypeOf<typeof from | typeof to>().toEqualTypeOf<Name>());
    mailer.once("provider:down", (change) => expectTypeOf(change).toEqualTypeOf<ProviderChange<Name>>());
    mailer.on("provider:changed", (change) => expectTypeOf(change).toEqualTypeOf<ProviderChange<Name>>());
    mailer.on("all-down", ({ at, retryAt }) =>
      expectTypeOf<typeof at | typeof retryAt>().toEqualTypeOf<Date | undefined>(),
    );
    mailer.on("failed", ({ error }) => {
      if (error.kind === "invalid") expectTypeOf(error.problems).toEqualTypeOf<readonly Problem[]>();
      // @ts-expect-error: only an invalid message has problems
      else void error.problems;
    });
    // @ts-expect-error: no such event
    expect(() => mailer.on("provider:dwon", () => {})).toThrow(RangeError);
    // @ts-expect-error: no such field
    mailer.on("accepted", ({ message }) => message);

    expect(mailer.health()).toHaveLength(3);
  });
});

describe("options are typed", () => {
  it("unknown ones and values of the wrong kind do not compile", () => {
    const provider = memoryProvider();
    // @ts-expect-error: an unknown option
    expect(() => createMailer({ providers: [provider], timeOut: 5 })).toThrow(TypeError);
    // @ts-expect-error: no number
    expect(() => createMailer({ providers: [provider], timeout: "5" })).toThrow(RangeError);
    // @ts-expect-error: no such way
    expect(() => createMailer({ providers: [provider], onUnknown: "retry" })).toThrow(RangeError);
    // @ts-expect-error: no such breaker option
    expect(() => createMailer({ providers: [provider], breaker: { threshold: 5 } })).toThrow(TypeError);
    // @ts-expect-error: an option of a mailer, not of a route
    expect(() => createMailer({ providers: [{ provider, deadline: 5 }] })).toThrow(TypeError);
    // @ts-expect-error: a typing error in a route of a group
    expect(() => createMailer({ providers: [[{ provider, wieght: 2 }]] })).toThrow(TypeError);
    // @ts-expect-error: providers are missing
    expect(() => createMailer({})).toThrow(TypeError);
  });

  it("a mailer of few names passes as one of any name where only health, events and close matter", () => {
    expectTypeOf(mailer.close).toEqualTypeOf<Mailer["close"]>();
    expectTypeOf<Mailer<Name>>().toExtend<AsyncDisposable>();
  });
});
