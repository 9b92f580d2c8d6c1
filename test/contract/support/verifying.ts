import { expect } from "vitest";
import type { Check, Verification, VerifyOptions } from "../../../src/index.ts";
import type { EspName, Simulator, SimulatorOptions } from "../../../src/testing/index.ts";
import { adapterOf, openMailer, startEsp } from "./esps.ts";

/** Somebody who may send by each ESP: Mailgun asks that it be in the account's own domain. */
export const sender = "Shop <orders@mg.example.com>";

/** A simulator for one test, and what a mailer with its real adapter says of it. */
export async function verifying<E extends EspName>(
  name: E,
  options: SimulatorOptions<E> = {},
): Promise<{ esp: Simulator<E>; verify: (options?: VerifyOptions) => Promise<Verification> }> {
  const esp = await startEsp(name, options);
  const mailer = openMailer({ providers: [adapterOf(esp)] });
  return {
    esp,
    async verify(asked = { from: sender }) {
      const [verification, ...others] = await mailer.verify(asked);
      if (!verification) throw new Error("there is no verification");
      expect(others).toEqual([]);
      expect(esp.inbox).toEqual([]);
      return verification;
    },
  };
}

export type Verdicts = Readonly<Record<"credentials" | "account" | "sender", Check["verdict"]>>;

/** The verdicts by what they are of; they must come in order, and what is not good must say what to do. */
export function verdictsIn({ checks }: Verification): Verdicts {
  expect(checks.map(({ of }) => of)).toEqual(["credentials", "account", "sender"]);
  for (const { verdict, finding, advice } of checks) {
    expect(finding).toMatch(/\S/);
    expect(advice ?? "none").toMatch(verdict === "good" ? /^none$/ : /\S.*\.$/);
  }
  const [credentials, account, sender] = checks.map(({ verdict }) => verdict);
  if (!credentials || !account || !sender) throw new Error("a check is missing");
  return { credentials, account, sender };
}

/** The check of one thing. */
export function checkOf(of: Check["of"], { checks }: Pick<Verification, "checks">): Check {
  const found = checks.find((check) => check.of === of);
  if (!found) throw new Error(`there is no check of ${of}`);
  return found;
}
