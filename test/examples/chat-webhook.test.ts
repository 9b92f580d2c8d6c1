import http from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import { chatWebhook } from "../../examples/alerts/chat-webhook.ts";

describe("a post to a chat's webhook", () => {
  async function webhook(answer: (response: http.ServerResponse) => void) {
    const requests: { readonly head: http.IncomingMessage; readonly body: string }[] = [];
    const server = http.createServer(async (request, response) => {
      requests.push({ head: request, body: await text(request) });
      answer(response);
    });
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    return { url: `http://127.0.0.1:${port}/services/secret`, requests };
  }

  it("is the JSON that Slack takes", async () => {
    const { url, requests } = await webhook((response) => response.end("ok"));
    await chatWebhook(url)("🔴 *ses* is down");

    expect(requests).toMatchObject([{ head: { method: "POST", url: "/services/secret" } }]);
    expect(requests[0]?.head.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(requests[0]?.body ?? "")).toEqual({ text: "🔴 *ses* is down" });
  });

  it.each([
    ["answers with an error", (response: http.ServerResponse) => response.writeHead(404).end(), "answered 404"],
    ["sends it elsewhere", (response: http.ServerResponse) => response.writeHead(307, { location: "/" }).end(), "307"],
    ["hangs up", (response: http.ServerResponse) => response.destroy(), "did not answer: UND_ERR_SOCKET"],
    ["says nothing", () => {}, "did not answer: TimeoutError"],
  ])("rejects where the webhook %s, without its URL", async (_, answer, why) => {
    const { url, requests } = await webhook(answer);
    const error: unknown = await chatWebhook(url, { timeout: 200 })("Hello").catch((reason: unknown) => reason);

    expect(String(error)).toContain(why);
    expect(String(error)).not.toMatch(/secret|127\.0/);
    expect(requests).toHaveLength(1);
  });

  it.each([undefined, "", "hooks.slack.com/services/secret"])("is refused to %j, without repeating it", (url) => {
    expect(() => chatWebhook(url)).toThrow(new TypeError("The URL of the chat webhook is missing, or is none"));
  });
});
