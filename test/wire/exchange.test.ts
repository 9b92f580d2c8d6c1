import { describe, expect, it } from "vitest";
import { failure, isProviderError, ProviderError } from "../../src/failure.ts";
import { Exchange } from "../../src/wire/exchange.ts";
import type { Wire } from "../../src/wire/wire.ts";
import { errorOf, Limits, post, serverThat, wire } from "./harness.ts";
import { answerOk } from "./raw-server.ts";

describe("an exchange", () => {
  it("that was not used has no record", () => {
    const exchange = new Exchange(wire(), new Limits());

    expect(exchange).toMatchObject({ phase: "connecting", began: false, response: undefined, error: undefined });
  });

  it("keeps the answer", async () => {
    const esp = await serverThat(answerOk);
    const limits = new Limits();
    const exchange = new Exchange(wire(), limits);
    const response = await exchange.send(post(esp.url));

    expect(exchange.response).toBe(response);
    expect(exchange).toMatchObject({ phase: "responding", began: true, error: undefined });
    expect(limits.phases).toEqual(["requesting", "responding"]);
  });

  it("keeps the error of a request that began", async () => {
    const esp = await serverThat(({ connection }) => connection.reset());
    const exchange = new Exchange(wire(), new Limits());
    const error = await errorOf(exchange.send(post(esp.url)));

    expect(exchange.error).toBe(error);
    expect(exchange).toMatchObject({ phase: "requesting", began: true, response: undefined });
  });

  it("keeps the error of a request that never began", async () => {
    const limits = new Limits();
    limits.controller.abort();
    const exchange = new Exchange(wire(), limits);
    const error = await errorOf(exchange.send(post(new URL("http://127.0.0.1:9/"))));

    expect(exchange.error).toBe(error);
    expect(exchange).toMatchObject({ phase: "connecting", began: false });
  });

  it("knows that the request began while the answer is still awaited", async () => {
    const esp = await serverThat(() => {});
    const limits = new Limits();
    const exchange = new Exchange(wire(), limits);
    const outcome = errorOf(exchange.send(post(esp.url)));
    await esp.until(() => esp.requests.length === 1);

    expect(exchange).toMatchObject({ phase: "requesting", began: true, response: undefined, error: undefined });
    limits.controller.abort();
    await outcome;
  });

  it.each([
    ["after an answer", true, "maybe"],
    ["after a failure to connect", false, "no"],
  ] as const)("refuses a second request %s, and keeps the record of the first", async (_, reachable, sent) => {
    const esp = await serverThat(answerOk);
    const limits = new Limits();
    if (!reachable) limits.controller.abort();
    const exchange = new Exchange(wire(), limits);
    await exchange.send(post(esp.url)).catch(() => {});
    const { response, error } = exchange;

    const refusal = await errorOf(exchange.send(post(esp.url)));

    expect(refusal.failure).toMatchObject({ reason: "internal", scope: "none", sent });
    expect(exchange.response).toBe(response);
    expect(exchange.error).toBe(error);
    expect(esp.requests).toHaveLength(reachable ? 1 : 0);
  });

  it("refuses a second request while the first is under way", async () => {
    const esp = await serverThat(
      ({ connection }) => void setImmediate(() => connection.stream.write("HTTP/1.1 204 X\r\n\r\n")),
    );
    const exchange = new Exchange(wire(), new Limits());
    const [first, second] = await Promise.allSettled([exchange.send(post(esp.url)), exchange.send(post(esp.url))]);

    expect(first.status).toBe("fulfilled");
    expect(second).toMatchObject({ status: "rejected", reason: { failure: { reason: "internal" } } });
    expect(esp.requests).toHaveLength(1);
  });

  it("believes a wire that tells no phases by its outcome", async () => {
    const silent = (outcome: () => Promise<never>): Wire => ({ request: outcome, close: () => {} });
    const lost = new Exchange(
      silent(() => Promise.reject(new ProviderError(failure("response-lost")))),
      new Limits(),
    );
    await errorOf(lost.send(post(new URL("http://127.0.0.1:9/"))));
    expect(lost.began).toBe(true);

    const broken = new Exchange(
      silent(() => Promise.reject(new Error("CANARY"))),
      new Limits(),
    );
    const error = await broken.send(post(new URL("http://127.0.0.1:9/"))).catch((thrown: unknown) => thrown);
    expect(isProviderError(error) && error.failure).toMatchObject({ reason: "internal", sent: "no" });
    expect(broken.error?.message).not.toContain("CANARY");
  });
});
