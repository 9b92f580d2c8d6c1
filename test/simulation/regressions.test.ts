import { expect, it } from "vitest";
import { violationsOf } from "./property.ts";
import type { ProviderSetup, Scenario } from "./world/scenario.ts";

/** What the simulation found, by what a user saw; each with the scenario to which it was shrunk. */
function found(defect: string, scenario: Scenario): void {
  it(defect, async () => expect(await violationsOf(scenario)).toEqual([]));
}

const plain: Omit<Scenario, "seed" | "providers" | "traffic"> = {
  mailer: { onUnknown: "failover", deadline: 30_000, retry: {}, breaker: {} },
  everywhere: [],
  process: "long-lived",
  disturbances: [],
};

const provider: ProviderSetup = {
  joins: false,
  weight: 1,
  labels: [],
  cannotCarry: [],
  latency: [5, 50],
  deaf: false,
  faults: [],
};

found("sends that a provider had told to wait longer than its throttle hand its one free slot to each other for ever", {
  ...plain,
  seed: 1,
  mailer: { ...plain.mailer, breaker: { maxOpenFor: 9_000 } },
  providers: [
    {
      ...provider,
      latency: [20, 200],
      rate: { limit: 1, interval: 5_000 },
      faults: [{ kind: "throttles", retryAfter: 28_000, from: 500, to: 900 }],
    },
  ],
  traffic: [
    { after: 0, count: 10, every: 6_000, options: {} },
    { after: 0, count: 10, every: 1_000, options: {} },
  ],
});

found("a message goes to the standby's standby, although the primary came back while an attempt was under way", {
  ...plain,
  seed: 2_019_937_199,
  providers: [
    { ...provider, faults: [{ kind: "account", reason: "authentication", from: 259, to: 394 }] },
    { ...provider, faults: [{ kind: "stalls-connecting", from: 0, to: 529 }] },
    provider,
  ],
  traffic: [
    { after: 0, count: 10, every: 2_786, options: { deadline: 10_250 } },
    { after: 3_079, count: 1, every: 0, options: { require: ["eu"] } },
    { after: 660, count: 2, every: 0, options: {} },
  ],
});

found("a message is given up in the moment in which another's last resort has brought its provider back", {
  ...plain,
  seed: 12,
  providers: [
    {
      ...provider,
      latency: [20, 200],
      faults: [{ kind: "brown-out", share: 0.5, retryAfter: 2_300, from: 0, to: 900 }],
    },
  ],
  traffic: [
    { after: 1_000, count: 20, every: 8, options: {} },
    { after: 1_000, count: 20, every: 8, options: {} },
  ],
});

found(
  "a message is given up although a throttled provider will be back in time, since another asked for a longer pause",
  {
    ...plain,
    seed: 22,
    mailer: { ...plain.mailer, deadline: 8_000, queueLimit: 0 },
    providers: [
      { ...provider, faults: [{ kind: "throttles", from: 28, to: 305 }] },
      provider,
      { ...provider, faults: [{ kind: "brown-out", share: 0.3, retryAfter: 7_718, from: 0, to: 305 }] },
    ],
    traffic: [{ after: 5_000, count: 6, every: 5_284, options: {} }],
    disturbances: [{ do: "isolate", at: 116, until: 863, provider: 1 }],
  },
);
