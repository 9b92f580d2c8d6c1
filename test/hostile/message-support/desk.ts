import { setImmediate } from "node:timers/promises";
import { afterAll, expect, vi } from "vitest";
import {
  createMailer,
  type ErrorKind,
  isSteadyMailError,
  type Mailer,
  type Provider,
  type Receipt,
} from "../../../src/index.ts";
import { type EspName, memoryProvider } from "../../../src/testing/index.ts";
import { adapterOf, type Esps, espNames } from "../../contract/support/esps.ts";
import { compareArrival, compareRefusal, compareUnsupported } from "./comparison.ts";
import { Crashes } from "./crashes.ts";
import { leaks } from "./evidence.ts";
import { faultsOf } from "./faults.ts";
import { type Candidate, expectedOf, valuesOf, writtenBy } from "./letter.ts";
import { snapshotOf } from "./snapshot.ts";
import { Watch } from "./specimen.ts";

/** What became of a message, rightly. */
export type Verdict = "accepted" | "invalid" | "unsupported" | "rejected";

type Ending = { readonly receipt: Receipt } | { readonly error: unknown };

/** Where hostile messages are given in, and where it is compared what became of them. To be made at the top of a file. */
export class Desk {
  readonly #esps: Esps;
  readonly #providers: readonly Provider<EspName>[];
  readonly #mailer: Mailer<EspName>;
  readonly #crashes = new Crashes();
  #told: unknown[] = [];

  constructor(esps: Esps) {
    this.#esps = esps;
    this.#providers = espNames.map((name) => adapterOf(esps[name]));
    this.#mailer = this.#open(this.#providers);
    afterAll(() => this.#mailer.close());
  }

  /** Sends by one ESP; fails unless the message arrives as it is, or is refused as it should be. */
  async judge(candidate: Candidate, name: EspName): Promise<Verdict> {
    const watch = new Watch();
    const written = writtenBy(candidate, watch);
    const message = candidate.present(written, watch);
    const defaults = candidate.defaults?.present(valuesOf(candidate.defaults.parts, watch), watch);
    const isUnchanged = [written, message, defaults].map(snapshotOf);
    for (const esp of espNames) this.#esps[esp].clear();
    this.#told = [];

    const ending = watch.endless
      ? await this.#sendInVain(message)
      : defaults === undefined
        ? await this.#send(this.#mailer, message, name)
        : await this.#sendWith(defaults, message, name);
    // What was given up closes, and what nobody handled is told, a moment later.
    await setImmediate();
    await setImmediate();

    expect(this.#crashes.taken()).toEqual([]);
    expect(watch.complaints()).toEqual([]);
    expect(isUnchanged.every((check) => check())).toBe(true);
    expect("error" in ending ? leaks([ending.error, this.#told]) : leaks([ending.receipt, this.#told])).toBe(false);
    return this.#compare(candidate, name, ending, watch.endless);
  }

  #open(providers: readonly Provider<EspName>[], defaults: unknown = {}): Mailer<EspName> {
    const mailer: Mailer<EspName> = Reflect.apply(createMailer, undefined, [{ providers: [...providers], defaults }]);
    for (const event of ["accepted", "failed", "attempt", "warning", "provider:changed"] as const) {
      mailer.on(event, (told) => void this.#told.push(told));
    }
    return mailer;
  }

  async #send(mailer: Mailer<EspName>, message: unknown, name: EspName, limits: object = {}): Promise<Ending> {
    const sending: Promise<Receipt> = Reflect.apply(mailer.send, mailer, [
      message,
      { only: [name], mayDrop: [], ...limits },
    ]);
    return sending.then(
      (receipt) => ({ receipt }),
      (error: unknown) => ({ error }),
    );
  }

  async #sendWith(defaults: unknown, message: unknown, name: EspName): Promise<Ending> {
    const mailer = this.#open(this.#providers.map(unclosable), defaults);
    try {
      return await this.#send(mailer, message, name);
    } finally {
      await mailer.close();
    }
  }

  /** A message with a part that never ends: its deadline comes by the clock alone. */
  async #sendInVain(message: unknown): Promise<Ending> {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
    try {
      const mailer = this.#open(espNames.map((name) => memoryProvider({ name })));
      const sending = this.#send(mailer, message, "ses", { deadline: 1_000 });
      await vi.advanceTimersByTimeAsync(1_000);
      const ending = await sending;
      await mailer.close();
      return ending;
    } finally {
      vi.useRealTimers();
    }
  }

  #compare(candidate: Candidate, name: EspName, ending: Ending, endless: boolean): Verdict {
    const sent = espNames.filter((each) => this.#esps[each].requests > 0);
    const faults = faultsOf(candidate);
    const error = "error" in ending ? ending.error : undefined;
    if (faults.expected.length > 0 || (faults.possible.length > 0 && isOfKind(error, "invalid"))) {
      compareRefusal(error, faults, endless);
      expect(sent).toEqual([]);
      return "invalid";
    }
    const letter = expectedOf(candidate);
    if ("receipt" in ending) {
      const open = faults.possible.map((path) => path.slice(0, -1));
      compareArrival(this.#esps[name].inbox, ending.receipt, letter, name, open);
      expect(sent).toEqual([name]);
      return "accepted";
    }
    if (letter.providerOptions === "strange" && isOfKind(error, "rejected")) {
      expect(this.#esps[name].inbox).toEqual([]);
      return "rejected";
    }
    compareUnsupported(error, letter, name);
    expect(sent).toEqual([]);
    return "unsupported";
  }
}

function isOfKind(error: unknown, kind: ErrorKind): boolean {
  return isSteadyMailError(error) && error.kind === kind;
}

/** The same provider, to be used by another mailer when one is closed. */
function unclosable<N extends string>(provider: Provider<N>): Provider<N> {
  return {
    name: provider.name,
    unsupported: (message) => provider.unsupported(message),
    send: (...given) => provider.send(...given),
  };
}
