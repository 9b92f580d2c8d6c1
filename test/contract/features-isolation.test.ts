import sendgridSdk from "@sendgrid/mail";
import Mailgun from "mailgun.js";
import mailjetSdk from "node-mailjet";
import { describe, expect, it } from "vitest";
import type { EspName, Simulator } from "../../src/testing/index.ts";
import { adapterOf, espNames, openMailer, startEsp } from "./support/esps.ts";
import { arrivalIn, letter, letterAt } from "./support/features.ts";

/** Two accounts at one ESP, each with credentials that the other's server refuses. */
async function twoAccounts(name: EspName): Promise<{ readonly first: Simulator; readonly second: Simulator }> {
  const [first, second] = await Promise.all([startEsp(name), startEsp(name)]);
  return { first, second };
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe.each(espNames)("two adapters of %s with different keys", (name) => {
  it("share 40 concurrent sends, each with its own key, and mix nothing up", async () => {
    const accounts = await twoAccounts(name);
    const mailer = openMailer({
      providers: [[adapterOf(accounts.first, "first"), adapterOf(accounts.second, "second")]],
    });
    const receipts = await Promise.all(
      numbers(40).map((n) =>
        mailer.send({ ...letter, to: `to${n}@example.org`, text: `text ${n}` }, { id: `send-${n}` }),
      ),
    );
    for (const [n, receipt] of receipts.entries()) {
      expect(receipt).toMatchObject({ id: `send-${n}`, duplicate: "no" });
      const received = accounts[receipt.provider].inbox.filter(({ id }) => id === receipt.providerMessageId);
      expect(received).toMatchObject([{ steadymailId: `send-${n}` }]);
      const expected = { ...letterAt(name), to: [{ address: `to${n}@example.org` }], text: `text ${n}` };
      expect(arrivalIn(received[0])).toEqual(expected);
    }
    for (const account of Object.values(accounts)) {
      expect({ requests: account.requests, inbox: account.inbox.length }).toEqual({ requests: 20, inbox: 20 });
    }
    expect(new Set(receipts.map(({ providerMessageId }) => providerMessageId)).size).toBe(40);
  });

  it("stand by for each other: a suspended account does not stop the other", async () => {
    const { first, second } = await twoAccounts(name);
    const mailer = openMailer({ providers: [adapterOf(first, "first"), adapterOf(second, "second")] });
    mailer.on("provider:down", () => {});
    first.fault({ kind: "suspended" });
    for (let i = 0; i < 3; i++) expect((await mailer.send(letter)).provider).toBe("second");
    expect([first.requests, second.inbox.length]).toEqual([1, 3]);
    expect(mailer.health().map(({ state }) => state)).toEqual(["down", "healthy"]);
  });

  it("work in two mailers of one process, of which one is closed", async () => {
    const { first, second } = await twoAccounts(name);
    const closed = openMailer({ providers: [adapterOf(first)] });
    const open = openMailer({ providers: [adapterOf(second)] });
    await Promise.all([closed.send(letter), open.send(letter)]);
    await closed.close();
    await open.send(letter);
    expect([first.inbox.length, second.inbox.length]).toEqual([1, 2]);
  });

  it("refuse nothing to each other: a wrong key fails by itself", async () => {
    const { first, second } = await twoAccounts(name);
    const impostor = adapterOf(second, "impostor", first.url);
    const mailer = openMailer({ providers: [impostor, adapterOf(first, "first")] });
    mailer.on("provider:down", () => {});
    const receipt = await mailer.send(letter);
    expect(receipt.provider).toBe("first");
    expect(receipt.attempts[0]).toMatchObject({ provider: "impostor", failure: { reason: "authentication" } });
    expect([first.requests, first.inbox.length, second.requests]).toEqual([2, 1, 0]);
  });
});

/** Everything that code can see of a value, private fields of TypeScript included, functions by their names. */
function everythingIn(value: unknown, seen = new Set<unknown>()): unknown {
  if (typeof value !== "object" || value === null || seen.has(value)) {
    return typeof value === "function" ? `function ${value.name}` : typeof value === "object" ? "" : value;
  }
  seen.add(value);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, everythingIn(member, seen)]));
}

describe("the SDKs' process-wide state", () => {
  it("is as it was after sends by all four, and holds no key", async () => {
    const snapshot = () =>
      structuredClone({
        sendgrid: everythingIn(sendgridSdk),
        mailgun: everythingIn(Mailgun),
        mailjet: everythingIn({ ...mailjetSdk, request: { ...mailjetSdk.Request }, client: { ...mailjetSdk.Client } }),
        env: Object.keys(process.env),
        fetch: everythingIn(globalThis.fetch),
        prototype: Object.getOwnPropertyNames(Object.prototype),
      });
    const before = snapshot();
    const esps = await Promise.all(espNames.map((name) => startEsp(name)));
    for (const esp of esps) await openMailer({ providers: [adapterOf(esp)] }).send(letter);
    expect(snapshot()).toEqual(before);
    const keys = esps.flatMap((esp) => Object.values(esp.options).map((value) => JSON.stringify(value)));
    for (const key of keys) expect(JSON.stringify(snapshot())).not.toContain(key);
  });

  it("that a program has set up for itself is neither used nor changed", async () => {
    const esp = await startEsp("sendgrid");
    sendgridSdk.setApiKey("SG.of-the-program.itself");
    const before = JSON.stringify(everythingIn(sendgridSdk));
    const receipt = await openMailer({ providers: [adapterOf(esp)] }).send(letter);
    expect(receipt.provider).toBe("sendgrid");
    expect(before).toContain("SG.of-the-program.itself");
    expect(JSON.stringify(everythingIn(sendgridSdk))).toBe(before);
  });
});
