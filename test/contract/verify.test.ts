import { describe, expect, it } from "vitest";
import type { Reason } from "../../src/index.ts";
import type { EspName, FaultKind, SimulatorOptions } from "../../src/testing/index.ts";
import { espNames } from "./support/esps.ts";
import { checkOf, sender, type Verdicts, verdictsIn, verifying } from "./support/verifying.ts";

const allGood: Verdicts = { credentials: "good", account: "good", sender: "good" };

describe.each(espNames)("verifying an account at %s", (name) => {
  it("finds everything good where it is", async () => {
    const { verify } = await verifying(name);
    const verification = await verify();
    expect(verdictsIn(verification)).toEqual(allGood);
    expect(verification).toMatchObject({ provider: name, verdict: "good" });
    for (const check of verification.checks) expect(check).not.toHaveProperty("failure");
  });

  it("asks nothing about a sender where none is named, and says so", async () => {
    const { verify } = await verifying(name);
    const verification = await verify({});
    expect(verdictsIn(verification)).toEqual({ ...allGood, sender: "unknown" });
    expect(checkOf("sender", verification).advice).toContain("from");
  });

  it("finds a key bad that was revoked, and asks nothing else by it", async () => {
    const { esp, verify } = await verifying(name);
    await esp.fault({ kind: "unauthorized" });
    const verification = await verify();
    expect(verdictsIn(verification)).toEqual({ credentials: "bad", account: "unknown", sender: "unknown" });
    expect(checkOf("credentials", verification).failure).toMatchObject({ reason: "authentication", sent: "no" });
    expect(verification.verdict).toBe("bad");
  });

  it("finds a domain good for an address in it", async () => {
    const { verify } = await verifying(name, { senders: ["mg.example.com"] });
    expect(verdictsIn(await verify())).toEqual(allGood);
  });

  it("finds a sender bad that is not verified", async () => {
    const { verify } = await verifying(name, { senders: ["example.net", "ada@mg.example.com"] });
    const verification = await verify();
    expect(verdictsIn(verification)).toEqual({ ...allGood, sender: "bad" });
    expect(checkOf("sender", verification).failure).toMatchObject({ reason: "sender", scope: "account", sent: "no" });
  });

  it("says of a key that may do nothing but send that it is good, and of what it may not ask that it is unknown", async () => {
    const { verify } = await verifying(name, { sendOnly: true });
    const verification = await verify();
    const { credentials, account, sender } = verdictsIn(verification);
    // Mailjet lets any key ask for senders.
    expect([credentials, account, sender]).toEqual(["good", "unknown", name === "mailjet" ? "good" : "unknown"]);
    expect(checkOf("account", verification).failure).toMatchObject({ reason: "authentication", sent: "no" });
    expect(verification.verdict).toBe("unknown");
  });

  it("tells a key that may not ask from one that was revoked", async () => {
    const { esp, verify } = await verifying(name, { sendOnly: true });
    await esp.fault({ kind: "unauthorized" });
    expect(verdictsIn(await verify())).toMatchObject({ credentials: "bad" });
  });

  it("asks again each time, and takes nothing from the one before", async () => {
    const { esp, verify } = await verifying(name);
    await esp.fault({ kind: "unauthorized" });
    expect(verdictsIn(await verify())).toMatchObject({ credentials: "bad" });
    await esp.heal();
    expect(verdictsIn(await verify())).toEqual(allGood);
  });

  it("may be asked many times at once", async () => {
    const { verify } = await verifying(name);
    const all = await Promise.all(Array.from({ length: 5 }, () => verify()));
    for (const verification of all) expect(verdictsIn(verification)).toEqual(allGood);
  });
});

/** What each ESP tells of an account in its answers, or says of it in its words for a mail. */
const states: readonly (readonly [EspName, FaultKind & ("suspended" | "quota" | "sender-unverified"), Verdicts])[] = [
  ["ses", "suspended", { ...allGood, account: "bad" }],
  ["ses", "quota", { ...allGood, account: "bad" }],
  ["ses", "sender-unverified", { ...allGood, sender: "bad" }],
  ["sendgrid", "suspended", { ...allGood, account: "bad", sender: "unknown" }],
  ["sendgrid", "quota", { ...allGood, account: "bad" }],
  ["sendgrid", "sender-unverified", { ...allGood, sender: "bad" }],
  ["mailgun", "suspended", { ...allGood, account: "bad", sender: "unknown" }],
  ["mailgun", "quota", { ...allGood, account: "bad", sender: "unknown" }],
  ["mailgun", "sender-unverified", { ...allGood, sender: "bad" }],
  ["mailjet", "suspended", { ...allGood, account: "bad", sender: "unknown" }],
  ["mailjet", "quota", { ...allGood, account: "bad", sender: "unknown" }],
  ["mailjet", "sender-unverified", { ...allGood, sender: "bad" }],
];

const reasons = { suspended: "suspended", quota: "quota", "sender-unverified": "sender" } satisfies Record<
  string,
  Reason
>;

describe("verifying an account that cannot send", () => {
  it.each(states)("at %s finds it bad that it is %s, and its credentials good", async (name, kind, verdicts) => {
    const { esp, verify } = await verifying(name);
    await esp.fault({ kind });
    const verification = await verify();
    expect(verdictsIn(verification)).toEqual(verdicts);
    const { failure } = checkOf(kind === "sender-unverified" ? "sender" : "account", verification);
    expect(failure).toMatchObject({ reason: reasons[kind], scope: "account", sent: "no" });
  });
});

/** Whether an ESP lets an address send whose domain's parent alone is verified, or which alone is. */
const coverage: readonly (readonly [EspName, SimulatorOptions["senders"], Verdicts["sender"]])[] = [
  ["ses", ["example.com"], "good"],
  ["sendgrid", ["example.com"], "unknown"],
  ["mailjet", ["example.com"], "bad"],
  ["ses", ["orders@mg.example.com"], "good"],
  ["sendgrid", ["orders@mg.example.com"], "good"],
  ["mailjet", ["orders@mg.example.com"], "good"],
];

describe("verifying a sender", () => {
  it.each(coverage)("at %s where %j is verified finds it %s", async (name, senders = [], verdict) => {
    const { verify } = await verifying(name, { senders });
    expect(verdictsIn(await verify()).sender).toBe(verdict);
  });

  it.each(espNames)("at %s compares addresses without regard to capitals", async (name) => {
    const { verify } = await verifying(name, { senders: ["MG.example.com"] });
    expect(verdictsIn(await verify({ from: sender.toUpperCase() })).sender).toBe("good");
  });

  it.each([
    ["good", "orders@mg.example.com", "which is verified"],
    ["good", "orders@example.com", "aligned"],
    ["good", "orders@eu.mg.example.com", "aligned"],
    ["unknown", "orders@example.net", "DMARC"],
    ["unknown", "orders@g.example.com", "DMARC"],
  ])("finds %s at mailgun by DMARC's alignment what comes from %s", async (verdict, from, words) => {
    const { verify } = await verifying("mailgun");
    const check = checkOf("sender", await verify({ from }));
    expect(check).toMatchObject({ verdict, finding: expect.stringContaining(words) });
  });
});
