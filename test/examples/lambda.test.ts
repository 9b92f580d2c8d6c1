import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { startEsps } from "../../examples/driving/esps.ts";
import { type Bundle, bundleHandler } from "../../examples/driving/lambda/bundle.ts";
import { eventOf } from "../../examples/driving/lambda/events.ts";
import { Instance } from "../../examples/driving/lambda/instance.ts";
import { Program } from "../../examples/driving/program.ts";
import { outputOf } from "./running.ts";

const mail = { to: "ada@example.org", subject: "Your order", text: "It is on its way." };
let bundle: Bundle;

beforeAll(async () => {
  bundle = await bundleHandler();
});
afterAll(() => bundle[Symbol.asyncDispose]());

async function started() {
  const esps = await startEsps();
  const lines: string[] = [];
  const instance = await Instance.start(bundle, esps.environment, (line) => void lines.push(line));
  onTestFinished(async () => {
    await instance[Symbol.asyncDispose]();
    await esps[Symbol.asyncDispose]();
  });
  /** What the function logged of one record; lines come by another way than answers. */
  const logged = (messageId: string | undefined) =>
    vi.waitUntil(() => {
      const line = lines.find((each) => each.includes(`"messageId":"${messageId}"`));
      return line !== undefined && JSON.parse(line);
    });
  return { ...esps, instance, lines, logged };
}

function idsOf({ Records }: ReturnType<typeof eventOf>): readonly string[] {
  return Records.map(({ messageId }) => messageId);
}

describe("the lambda example", () => {
  it("has connections to both providers before its first event", async () => {
    const { ses, sendgrid, lines } = await started();

    expect([ses.connections, sendgrid.connections]).toEqual([1, 1]);
    expect([...ses.inbox, ...sendgrid.inbox]).toEqual([]);
    expect(lines).toEqual([]);
  });

  it("sends each record of an event, by its id at SQS, and asks for none of them again", async () => {
    const { instance, received } = await started();
    const event = eventOf([mail, mail, mail]);

    expect(await instance.invoke(event)).toEqual({ batchItemFailures: [] });
    expect(received().toSorted()).toEqual(idsOf(event).toSorted());
  });

  it("asks again for what nobody has, and for that alone", async () => {
    const { ses, sendgrid, instance, received } = await started();
    await ses.fault({ kind: "refuse" });
    await sendgrid.fault({ kind: "throttle", retryAfter: 60_000 });
    const event = eventOf([mail, { ...mail, to: "nobody" }]);
    const first = await instance.invoke(event);
    await Promise.all([ses.heal(), sendgrid.heal()]);
    const [again] = event.Records;
    const second = await instance.invoke({ Records: again ? [again] : [] });

    expect(first).toEqual({ batchItemFailures: [{ itemIdentifier: again?.messageId }] });
    expect(second).toEqual({ batchItemFailures: [] });
    expect(received()).toEqual([again?.messageId]);
  });

  it.each([
    ["is no JSON", "{"],
    ["is no object", null],
    ["names nobody", { subject: "Hello", text: "Hello" }],
    ["names an address that is none", { ...mail, to: "canary" }],
  ])("does not ask again for a record whose body %s, and logs why without repeating it", async (_, body) => {
    const { instance, received, logged } = await started();
    const event = eventOf([body]);

    expect(await instance.invoke(event)).toEqual({ batchItemFailures: [] });
    expect(received()).toEqual([]);
    const line = await logged(event.Records[0]?.messageId);
    expect(line).toMatchObject({ severity: "error", kind: "invalid", why: expect.stringContaining("to: ") });
    expect(JSON.stringify(line)).not.toContain("canary");
  });

  it("takes from a body what a mail says, and no more", async () => {
    const { ses, instance } = await started();
    await instance.invoke(eventOf([{ ...mail, from: "ceo@example.com", attachments: [{ path: "/etc/hostname" }] }]));

    expect(ses.inbox).toMatchObject([{ from: { address: "orders@example.com" }, attachments: [] }]);
  });

  it("does not ask again for what somebody may have, and logs whose it is", async () => {
    const { ses, sendgrid, instance, logged } = await started();
    await ses.fault({ kind: "reset-after-request" });
    await sendgrid.fault({ kind: "reset-after-request" });
    const event = eventOf([mail]);

    expect(await instance.invoke(event)).toEqual({ batchItemFailures: [] });
    expect(await logged(event.Records[0]?.messageId)).toMatchObject({
      severity: "error",
      message: expect.stringContaining("may have been sent"),
      attempts: [{ provider: "ses" }, { provider: "sendgrid" }],
    });
  });

  it("gives the copies of a record that SQS delivers twice one id, by which they can be told", async () => {
    const { instance, received } = await started();
    const event = eventOf([mail]);
    await instance.invoke(event);
    await instance.invoke(event);

    expect(received()).toEqual([...idsOf(event), ...idsOf(event)]);
  });

  it("asks again, without a try, for what there is no time left for", async () => {
    const { ses, sendgrid, instance } = await started();
    const event = eventOf([mail]);
    const before = [ses.requests, sendgrid.requests];

    expect(await instance.invoke(event, 1_000)).toEqual({
      batchItemFailures: [{ itemIdentifier: event.Records[0]?.messageId }],
    });
    expect([ses.requests, sendgrid.requests]).toEqual(before);
  });

  it("answers in time when a provider says nothing", async () => {
    const { ses, instance, logged } = await started();
    await ses.fault({ kind: "stall" });
    const event = eventOf([mail]);

    expect(await instance.invoke(event, 1_200)).toEqual({ batchItemFailures: [] });
    expect(await logged(event.Records[0]?.messageId)).toMatchObject({ attempts: [{ failure: { reason: "timeout" } }] });
  });

  it("sends as before when it was frozen while its provider closed the connections", async () => {
    const { ses, instance, received, logged } = await started();
    await instance.invoke(eventOf([mail, mail]));
    const before = ses.connections;
    // Resolves when the connections are closed, which a frozen client cannot notice.
    await ses.fault({ kind: "refuse" });
    await ses.heal();
    const event = eventOf([mail, mail]);

    expect(await instance.invoke(event)).toEqual({ batchItemFailures: [] });
    for (const id of idsOf(event)) expect(await logged(id)).toMatchObject({ provider: "ses", duplicate: "no" });
    expect(received()).toHaveLength(4);
    expect(ses.connections).toBeGreaterThan(before);
  });

  it("is shown by one command, with its size and its cold start", { timeout: 60_000 }, async () => {
    const { lines, code } = await outputOf("examples/lambda.ts");

    expect(lines.at(-1)).toBe("No mail was lost, and none sent twice without a word.");
    expect(lines).toContainEqual(expect.stringMatching(/^The bundle: \d+ KB minified, \d+ KB gzipped$/));
    expect(lines).toContainEqual(expect.stringMatching(/^ +\d+ ms from the start of the process until/));
    expect(lines).toContain("  frozen for 5 s; SES has closed its connections");
    expect(lines).toContainEqual(expect.stringContaining('"reasons":["response-lost","response-lost"]'));
    expect(code).toBe(0);
  });

  it("leaves no frozen process and no file behind when Ctrl-C ends it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "steadymail-interrupted-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    await using program = new Program(["--import", "tsx", "examples/lambda.ts"], { TMPDIR: folder });
    await program.line(/to come again: 0 of 3/); // and now it is frozen for a while
    const before = execFileSync("ps", ["-A", "-o", "args"], { encoding: "utf8" });
    program.signal("SIGINT");

    expect(await program.ended).toBe(130);
    expect(before).toContain(`${folder}/`);
    await vi.waitUntil(() => !execFileSync("ps", ["-A", "-o", "args"], { encoding: "utf8" }).includes(`${folder}/`));
    expect(readdirSync(folder).filter((name) => name.startsWith("steadymail-"))).toEqual([]);
  });
});
