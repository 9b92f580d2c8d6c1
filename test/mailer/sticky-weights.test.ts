import { describe, expect, it } from "vitest";
import { createMailer } from "../../src/index.ts";
import { memoryProvider } from "../../src/testing/memory-provider.ts";
import { letter } from "./support.ts";

const customers = 6_000;

/** The share of the customers that each provider has, each with a key of its own. */
async function sharesOf(weights: Readonly<Record<string, number>>): Promise<number[]> {
  const providers = Object.keys(weights).map((name) => memoryProvider({ name }));
  const group = providers.map((provider) => ({ provider, weight: weights[provider.name] }));
  const mailer = createMailer({ providers: [group] });
  for (let customer = 0; customer < customers; customer += 1) {
    await mailer.send(letter, { stickyKey: `customer-${customer}` });
  }
  return providers.map(({ attempts }) => attempts / customers);
}

describe("Sticky keys over three providers", () => {
  it("are spread in proportion to the weights", async () => {
    const [first = 0, second = 0, third = 0] = await sharesOf({ first: 5, second: 3, third: 2 });
    expect(Math.abs(first - 0.5)).toBeLessThan(0.015);
    expect(Math.abs(second - 0.3)).toBeLessThan(0.015);
    expect(Math.abs(third - 0.2)).toBeLessThan(0.015);
  });
});
