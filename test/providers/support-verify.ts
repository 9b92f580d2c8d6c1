import { expect } from "vitest";
import { isProviderError, type ProviderError } from "../../src/failure.ts";
import type { Check, Provider, VerifyQuestion } from "../../src/providers/provider.ts";
import { type EspServer, type Reply, type SeenRequest, startServer } from "./esp-server.ts";

export const sender = { name: "Shop", address: "orders@news.example.com" };

/** Asks an adapter as the mailer would. */
export async function ask(provider: Provider, question: Partial<VerifyQuestion> = {}): Promise<readonly Check[]> {
  if (!provider.verify) throw new Error("the adapter cannot be asked");
  return provider.verify({ signal: new AbortController().signal, timeout: 5_000, sender, ...question });
}

export async function errorWhenAsked(provider: Provider, question?: Partial<VerifyQuestion>): Promise<ProviderError> {
  const outcome = await ask(provider, question).catch((error: unknown) => error);
  if (!isProviderError(outcome)) throw new Error("the adapter did not fail", { cause: outcome });
  return outcome;
}

/** Verdict and words of each check. */
export function summaryOf(checks: readonly Check[]): readonly string[] {
  expect(checks.map(({ of }) => of)).toEqual(["credentials", "account", "sender"]);
  return checks.map(({ verdict, finding }) => `${verdict}: ${finding}`);
}

const type = { "content-type": "application/json" };

export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { ...type, ...headers }, body: JSON.stringify(body) };
}

/** A server that answers by method and path, and each other request with 404. */
export function serverWith(
  replies: Readonly<Record<string, Reply | ((request: SeenRequest) => Reply | undefined)>>,
): Promise<EspServer> {
  return startServer((request) => {
    const reply = replies[`${request.method} ${request.path}`] ?? { status: 404 };
    return typeof reply === "function" ? reply(request) : reply;
  });
}

export function pathsOf({ requests }: EspServer): readonly string[] {
  return requests.map(({ method, path }) => `${method} ${path}`);
}
