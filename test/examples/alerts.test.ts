import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { alertOn } from "../../examples/alerts/alert-on.ts";
import type { Post } from "../../examples/alerts/chat-webhook.ts";
import { createMailer } from "../../src/index.ts";
import { memoryProvider, type Outcome } from "../../src/testing/index.ts";
import { fakeTime, letter, pass } from "../mailer/health-support.ts";
import { outputOf } from "./running.ts";

/** A mailer on two providers whose outcomes can be changed, and a chat that keeps what it is told. */
function setUp({ areEqual = false } = {}) {
  const outcomes: Record<"first" | "second", Outcome> = { first: "accepted", second: "accepted" };
  const first = memoryProvider({ name: "first", script: () => outcomes.first });
  const second = memoryProvider({ name: "second", script: () => outcomes.second });
  const mailer = createMailer({
    providers: areEqual ? [[first, second]] : [first, second],
    retry: { maxRounds: 1 },
    breaker: { openFor: 10_000, slowStart: 5_000 },
  });
  const chat = { posts: [] as string[], tries: 0, isOut: false, latency: 0 };
  const post: Post = async (words) => {
    chat.tries += 1;
    if (chat.latency > 0) await new Promise((resolve) => setTimeout(resolve, chat.latency));
    if (chat.isOut) throw new Error("the chat webhook answered 503");
    chat.posts.push(words);
  };
  const alerts = alertOn(mailer, post, { settle: 60_000 });
  onTestFinished(() => alerts[Symbol.dispose]());
  /** A mail each second. */
  const traffic = async (seconds: number) => {
    for (let sent = 0; sent < seconds; sent += 1) {
      const sending = mailer.send(letter).catch(() => undefined);
      await pass(1_000);
      await sending;
    }
  };
  /** A provider is out for so many seconds, and then there is traffic for as long as it takes to be well. */
  const outage = async (name: "first" | "second", seconds: number, outcome: Outcome = "suspended") => {
    outcomes[name] = outcome;
    await traffic(seconds);
    outcomes[name] = "accepted";
    await traffic(25);
  };
  return { mailer, outcomes, chat, alerts, traffic, outage };
}

const opened = (name: string) => expect.stringContaining(`*${name}* is down since`);
const closed = (name: string) => expect.stringContaining(`*${name}* is well again`);

describe("alerts", () => {
  beforeEach(() => {
    fakeTime();
    return () => vi.useRealTimers();
  });

  it("tell nothing while all is well", async () => {
    const { traffic, chat } = setUp();
    await traffic(10);

    expect(chat.posts).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("tell of an outage once, why and since when, and who takes the mail; and once that it is over, and how long it was", async () => {
    const { outage, chat, traffic } = setUp();
    await outage("first", 30);
    await traffic(60);

    expect(chat.posts).toEqual([
      "🔴 *first* is down since 00:00:00 UTC: it has suspended the account. Mail goes through *second*.",
      expect.stringMatching(/^🟢 \*first\* is well again\. It was down for \d+ s, 00:00:00–00:00:\d\d UTC\.$/),
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("say what failed where the provider, and not the account, is to blame", async () => {
    const { traffic, outcomes, chat } = setUp();
    outcomes.first = { reason: "unreachable", code: "ECONNREFUSED" };
    await traffic(10);

    expect(chat.posts).toEqual([
      expect.stringContaining(": several attempts in a row failed (unreachable, ECONNREFUSED). Mail goes through"),
    ]);
  });

  it("tell of a provider that is degraded first and down later once, and call it down in the end", async () => {
    const { traffic, outcomes, outage, chat } = setUp();
    await traffic(5);
    outcomes.first = "unavailable";
    await traffic(2);
    await outage("first", 10);
    await traffic(60);

    expect(chat.posts).toEqual([
      expect.stringMatching(/^🟡 \*first\* is degraded since .*: too many attempts fail \(unavailable\)/),
      expect.stringMatching(/^🟢 \*first\* is well again\. It was down for /),
    ]);
  });

  it("tell of a provider that comes and goes once", async () => {
    const { outage, traffic, chat } = setUp();
    for (let time = 0; time < 5; time += 1) await outage("first", 10);
    await traffic(60);

    expect(chat.posts).toEqual([opened("first"), closed("first")]);
  });

  it("do not call a provider well that was so for a moment", async () => {
    const { outage, outcomes, traffic, chat } = setUp();
    await outage("first", 10);
    outcomes.first = "suspended";
    await traffic(200);

    expect(chat.posts).toEqual([opened("first")]);
  });

  it("tell of a second outage, after the first was over, too", async () => {
    const { outage, traffic, chat } = setUp();
    await outage("first", 10);
    await traffic(60);
    await outage("first", 10);
    await traffic(60);

    expect(chat.posts).toEqual([opened("first"), closed("first"), opened("first"), closed("first")]);
  });

  it("tell of each provider by itself", async () => {
    const { outage, traffic, chat } = setUp({ areEqual: true });
    await outage("first", 10);
    await outage("second", 10);
    await traffic(60);

    expect(chat.posts).toEqual([opened("first"), opened("second"), closed("first"), closed("second")]);
  });

  it("call everybody once when no provider is left, and say when mail goes out again", async () => {
    const { outcomes, outage, traffic, chat } = setUp();
    outcomes.second = "suspended";
    await outage("first", 30);
    outcomes.second = "accepted";
    await traffic(120);

    const loud = chat.posts.filter((words) => words.includes("<!channel>"));
    expect(loud).toEqual([
      "🚨 <!channel> *No email provider is left* since 00:00:00 UTC: mail is refused. The first of them is tried again at 00:00:10 UTC.",
    ]);
    expect(chat.posts.filter((words) => words.includes("*Mail goes out again.*"))).toHaveLength(1);
    expect(chat.posts).toHaveLength(6);
  });

  it("tell that an outage is over though nobody sends any more", async () => {
    const { mailer, outcomes, traffic, chat } = setUp();
    outcomes.first = "suspended";
    await traffic(1);
    outcomes.first = "accepted";
    await pass(10_000);
    await mailer.send(letter);
    await pass(70_000);

    expect(mailer.health()[0]?.state).toBe("healthy");
    expect(chat.posts).toEqual([opened("first"), closed("first")]);
  });

  it("mark a drill as one", async () => {
    const { mailer, traffic, chat } = setUp();
    mailer.drill("first", "suspended", { for: 20_000 });
    await traffic(120);

    expect(chat.posts).toEqual([opened("first"), closed("first")]);
    for (const words of chat.posts) expect(words).toMatch(/^🧪 \*Drill:\* /);
  });

  it("call everybody in a drill too, when it leaves no provider", async () => {
    const { mailer, outcomes, traffic, chat } = setUp();
    outcomes.second = "suspended";
    mailer.drill("first", "suspended", { for: 20_000 });
    await traffic(1);

    expect(chat.posts).toContainEqual(expect.stringMatching(/^🧪 \*Drill:\* 🚨 <!channel> /));
  });

  it("tell of it when an outage that began as a drill turns out to be one", async () => {
    const { mailer, outcomes, traffic, chat } = setUp();
    mailer.drill("first", "suspended", { for: 20_000 });
    await traffic(40);
    outcomes.first = "authentication";
    await traffic(5);

    expect(chat.posts).toEqual([
      expect.stringMatching(/^🧪 \*Drill:\* 🔴 \*first\* is down .* suspended/),
      expect.stringMatching(/^🔴 \*first\* is down .* it refuses our credentials/),
    ]);
  });

  it("tell the chat, when it is back, how things are then, and not all that it missed", async () => {
    const { outage, traffic, chat } = setUp();
    chat.isOut = true;
    await outage("first", 10);
    await traffic(60);
    chat.isOut = false;
    await traffic(120);

    expect(chat.posts).toEqual([closed("first")]);
  });

  it("lose nothing of what happens while a post is under way", async () => {
    const { outage, traffic, chat } = setUp();
    chat.latency = 120_000;
    await outage("first", 10);
    await traffic(300);

    expect(chat.posts).toEqual([opened("first"), closed("first")]);
  });

  it("try a chat that is out again at growing intervals, and warn the process of it once", async () => {
    const { outage, traffic, chat } = setUp();
    chat.isOut = true;
    await outage("first", 10);
    await traffic(600);

    expect(chat.tries).toBeGreaterThan(10);
    expect(chat.tries).toBeLessThan(20);
    expect(process.emitWarning).toHaveBeenCalledTimes(1);
    expect(process.emitWarning).toHaveBeenCalledWith(
      "An alert could not be posted (the chat webhook answered 503). It is tried again until it can.",
    );
  });

  it("change nothing for the mailer, whatever becomes of a post", async () => {
    const { mailer, outcomes } = setUp();
    const alerts = alertOn(mailer, () => {
      throw new Error("out of order");
    });
    outcomes.first = "suspended";
    const { provider } = await mailer.send(letter);
    alerts[Symbol.dispose]();

    expect(provider).toBe("second");
    expect(process.emitWarning).toHaveBeenCalledTimes(1);
  });

  it("end when they are disposed of", async () => {
    const { alerts, outage, traffic, chat } = setUp();
    chat.isOut = true;
    await outage("first", 1);
    alerts[Symbol.dispose]();
    chat.isOut = false;
    await traffic(120);
    await outage("second", 10);

    expect(chat.posts).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("show the name of a provider as it is, and call nobody by it", async () => {
    fakeTime();
    const odd = memoryProvider({ name: "<!channel> & co", script: ["suspended"] });
    const mailer = createMailer({ providers: [odd, memoryProvider()] });
    const posts: string[] = [];
    using _alerts = alertOn(mailer, async (words) => posts.push(words));
    await mailer.send(letter);
    await pass(0);

    expect(posts).toEqual([expect.stringContaining("*&lt;!channel&gt; &amp; co* is down")]);
  });
});

describe("the alerts example", () => {
  it("is shown by one command", { timeout: 60_000 }, async () => {
    const { lines, code } = await outputOf("examples/alerts.ts");

    expect(lines.at(-1)).toBe("Each incident was told once, and once that it was over.");
    expect(lines.filter((line) => line.includes("chat: "))).toHaveLength(12);
    expect(lines.filter((line) => line.includes("▶"))).toHaveLength(4);
    expect(code).toBe(0);
  });
});
