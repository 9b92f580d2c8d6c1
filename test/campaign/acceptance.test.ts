import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type EspName, type Fault, type Simulator, startSimulator } from "../../src/testing/index.ts";
import { addressOf, size, subjectOf, type Task, type Told } from "./campaign.ts";

const names = ["ses", "sendgrid", "mailgun", "mailjet"] as const satisfies readonly EspName[];
const patience = { timeout: 60_000, interval: 5 };

/** The campaign in its own process, and what it told. */
class CampaignProcess {
  readonly failures: EspName[] = [];
  readonly unknown: number[] = [];
  readonly notSent: number[] = [];
  accepted = 0;
  end: Extract<Told, { kind: "end" }>["progress"] | undefined;
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  #exited = false;

  constructor(task: Task) {
    this.#child = fork(fileURLToPath(new URL("./process.ts", import.meta.url)), [JSON.stringify(task)], {
      execArgv: ["--import", "tsx"],
      env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
    });
    this.#child.on("message", (told: Told) => this.#hear(told));
    this.#exit = once(this.#child, "close").then(([code, signal]) => {
      this.#exited = true;
      return signal ?? code;
    });
  }

  #hear(told: Told): void {
    switch (told.kind) {
      case "progress":
        this.accepted = told.accepted;
        return;
      case "failed":
        this.failures.push(told.provider);
        return;
      case "not-accepted":
        (told.outcome === "unknown" ? this.unknown : this.notSent).push(told.index);
        return;
      case "end":
        this.end = told.progress;
    }
  }

  /** Waits for something to happen while the campaign is under way. */
  async until(what: string, happened: () => boolean): Promise<void> {
    await vi.waitUntil(() => happened() || this.end !== undefined || this.#exited, patience);
    if (!happened()) throw new Error(`The campaign ended before there was ${what}`);
  }

  /** Its exit code, or the signal that ended it; once all that it told was heard. */
  exit(): Promise<unknown> {
    return this.#exit;
  }

  kill(): Promise<unknown> {
    this.#child.kill("SIGKILL");
    return this.exit();
  }
}

describe("a campaign of 20,000 over four providers", () => {
  let folder: string;
  let simulators: { readonly [E in EspName]: Simulator<E> };
  let first: CampaignProcess;
  let second: CampaignProcess;
  let stalled: readonly string[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "campaign-"));
    const latency = 5;
    simulators = {
      ses: await startSimulator("ses", { latency }),
      sendgrid: await startSimulator("sendgrid", { latency }),
      mailgun: await startSimulator("mailgun", { latency }),
      mailjet: await startSimulator("mailjet", { latency }),
    };
    const { ses, sendgrid, mailgun, mailjet } = simulators;
    const task: Task = {
      esps: { ses: ses.options, sendgrid: sendgrid.options, mailgun: mailgun.options, mailjet: mailjet.options },
      checkpoint: join(folder, "checkpoint.json"),
    };

    first = new CampaignProcess(task);
    await first.until("a first acceptance", () => first.accepted > 0);
    await ses.fault({ kind: "accept-then-reset" }, { times: 1 });
    await first.until("a response that is lost", () => first.unknown.length > 0);
    await outage(first, "ses", { kind: "refuse" });
    await outage(first, "sendgrid", { kind: "status", status: 503, headers: { "retry-after": "0" } });
    const before = mailjet.inbox.length;
    await mailjet.fault({ kind: "accept-then-stall" });
    await first.until("a request that is accepted and never answered", () => mailjet.inbox.length > before);
    await first.kill();
    await mailjet.heal();
    stalled = mailjet.inbox.slice(before).flatMap(({ to }) => to.map(({ address }) => address));

    second = new CampaignProcess(task);
    await second.until("a first acceptance", () => second.accepted > 0);
    await outage(second, "mailgun", { kind: "suspended" });
    await outage(second, "mailjet", { kind: "refuse" });
    await second.exit();
  }, 120_000);

  afterAll(async () => {
    await Promise.all(names.map((name) => simulators[name].close()));
    rmSync(folder, { recursive: true });
  });

  /** Lasts until it was noticed, and the others have carried some of the campaign meanwhile. */
  async function outage(campaign: CampaignProcess, name: EspName, fault: Fault): Promise<void> {
    const { accepted } = campaign;
    const failed = campaign.failures.length;
    await simulators[name].fault(fault);
    await campaign.until(`an outage of ${name}`, () => {
      return campaign.failures.indexOf(name, failed) >= 0 && campaign.accepted >= accepted + 500;
    });
    await simulators[name].heal();
  }

  it("was killed in the middle, with mails on their way, and came to its end in a second process", async () => {
    expect(await first.exit()).toBe("SIGKILL");
    expect(first.end).toBeUndefined();
    expect(stalled.length).toBeGreaterThan(0);
    expect(await second.exit()).toBe(0);
    expect(second.end).toMatchObject({ state: "finished", rejected: 0, suppressed: 0, pending: 0 });
    expect([...first.notSent, ...second.notSent]).toEqual([]);
  });

  it("gives every recipient exactly one mail, or reports them as unknown, by the inboxes", () => {
    const unknown = new Set([...first.unknown, ...second.unknown]);
    const subjects = new Map<string, string[]>();
    for (const { to, cc, bcc, subject } of names.flatMap((name) => simulators[name].inbox)) {
      expect([to.length, cc.length, bcc.length]).toEqual([1, 0, 0]);
      for (const { address } of to) subjects.set(address, [...(subjects.get(address) ?? []), subject]);
    }

    const faults: string[] = [];
    for (let index = 0; index < size; index += 1) {
      const received = subjects.get(addressOf(index)) ?? [];
      if (received.length > 1) faults.push(`${index} has ${received.length} mails`);
      if (received.length === 0 && !unknown.has(index)) faults.push(`${index} has no mail, and nobody said so`);
      if (received.some((subject) => subject !== subjectOf(index))) faults.push(`${index} has another's mail`);
      subjects.delete(addressOf(index));
    }
    expect(faults).toEqual([]);
    expect([...subjects.keys()]).toEqual([]);
  });

  it("reports each unknown once, those of the lost response and of the killed process among them", () => {
    const all = [...first.unknown, ...second.unknown];

    expect(new Set(all).size).toBe(all.length);
    const reported = new Set(all.map(addressOf));
    expect(stalled.filter((address) => !reported.has(address))).toEqual([]);
    expect(second.end?.unknown).toBe(all.length);
    expect(second.end?.accepted).toBe(size - all.length);
  });

  it("uses all four providers", () => {
    for (const name of names) expect(simulators[name].inbox.length).toBeGreaterThan(0);
  });
});
