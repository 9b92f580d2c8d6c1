import { describe, expect, it, vi } from "vitest";
import { errorOf, expectNothingLeft, Limits, post, serverThat, stopTime, wire } from "./harness.ts";
import { answerOk, schemes } from "./raw-server.ts";

describe.each(schemes)("giving up over %s", (scheme) => {
  it("before the request begins sends nothing and opens no connection", async () => {
    const esp = await serverThat(answerOk, scheme);
    const client = wire(scheme);
    const limits = new Limits();
    limits.controller.abort();

    const error = await errorOf(client.request(post(esp.url), limits));
    await client.request(post(esp.url), new Limits());

    expect(error.failure).toMatchObject({ reason: "aborted", scope: "none", sent: "no" });
    expect(esp.connections).toHaveLength(1);
    expect(esp.requests).toHaveLength(1);
    expect(limits.listeners).toBe(0);
  });

  it("while the answer is awaited may have been sent, and closes the connection", async () => {
    const esp = await serverThat(() => {}, scheme);
    const limits = new Limits();
    const outcome = errorOf(wire(scheme).request(post(esp.url), limits));
    await esp.until(() => esp.requests.length === 1);
    limits.controller.abort();

    expect((await outcome).failure).toMatchObject({ reason: "aborted", scope: "none", sent: "maybe" });
    expect(limits.listeners).toBe(0);
    await esp.until(() => esp.open === 0);
  });

  it("within the answer may have been sent, and closes the connection", async () => {
    const half = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf";
    const esp = await serverThat(({ connection }) => void connection.stream.write(half), scheme);
    const limits = new Limits();
    const outcome = errorOf(wire(scheme).request(post(esp.url), limits));
    await limits.reached("responding");
    limits.controller.abort();

    expect((await outcome).failure).toMatchObject({ reason: "aborted", sent: "maybe" });
    await esp.until(() => esp.open === 0);
  });

  it("after the answer changes nothing", async () => {
    const esp = await serverThat(answerOk, scheme);
    const client = wire(scheme);
    const limits = new Limits();
    const response = await client.request(post(esp.url), limits);
    limits.controller.abort();
    await client.request(post(esp.url), new Limits());

    expect(response.status).toBe(200);
    expect(esp.connections).toHaveLength(1);
  });
});

describe("a signal that stands for a time limit", () => {
  const timedOut = () => new DOMException("The operation timed out.", "TimeoutError");

  it("is unreachable while there is no connection", async () => {
    const esp = await serverThat(answerOk);
    const limits = new Limits();
    limits.controller.abort(timedOut());

    const error = await errorOf(wire().request(post(esp.url), limits));

    expect(error.failure).toMatchObject({ reason: "unreachable", sent: "no" });
    expect(esp.tcp).toHaveLength(0);
  });

  it("is a time-out once the request began", async () => {
    const esp = await serverThat(() => {});
    const limits = new Limits();
    const outcome = errorOf(wire().request(post(esp.url), limits));
    await esp.until(() => esp.requests.length === 1);
    limits.controller.abort(timedOut());

    expect((await outcome).failure).toMatchObject({ reason: "timeout", scope: "provider", sent: "maybe" });
  });
});

describe("the time limit", () => {
  it("leaves no timer behind when the answer came", async () => {
    stopTime();
    const esp = await serverThat(answerOk);
    const limits = new Limits();
    await wire().request(post(esp.url), limits);

    expectNothingLeft(limits);
  });

  it("may be longer than a timer can be", async () => {
    stopTime();
    const esp = await serverThat(() => {});
    const limits = new Limits({ timeout: 2 ** 40 });
    const outcome = wire().request(post(esp.url), limits);
    await esp.until(() => esp.requests.length === 1);
    vi.advanceTimersByTime(60_000);
    esp.connections[0]?.stream.write("HTTP/1.1 204 No Content\r\n\r\n");

    expect((await outcome).status).toBe(204);
  });

  it("of zero sends nothing", async () => {
    stopTime();
    const esp = await serverThat(answerOk);
    const outcome = errorOf(wire().request(post(esp.url), new Limits({ timeout: 0 })));
    vi.advanceTimersByTime(1);

    expect((await outcome).failure).toMatchObject({ reason: "unreachable", sent: "no" });
    expect(esp.requests).toHaveLength(0);
  });
});
