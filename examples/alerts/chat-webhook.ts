/** Brings a text to where people read it. Rejects if it could not. */
export type Post = (text: string) => Promise<unknown>;

/**
 * Posts to an incoming webhook of Slack, or of a chat that takes the same JSON: Mattermost, Rocket.Chat, Discord with
 * `/slack` at the end of the URL. By their documentation: it was tried at none of them.
 *
 * @param url is a secret: whoever has it can post. No error repeats it
 * @param options.timeout ms for one post; default 5_000
 * @throws TypeError for a URL that is none; a rejection where the text did not surely arrive
 * @see https://api.slack.com/messaging/webhooks
 */
export function chatWebhook(url: string | undefined, { timeout = 5_000 } = {}): Post {
  if (url === undefined || !URL.canParse(url))
    throw new TypeError("The URL of the chat webhook is missing, or is none");
  return async (text) => {
    const { ok, status } = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text }),
      redirect: "manual", // a webhook does not move, and nobody else is to get what is said here
      signal: AbortSignal.timeout(timeout),
    }).catch((error: unknown) => {
      throw new Error(`the chat webhook did not answer: ${codeOf(error)}`);
    });
    if (!ok) throw new Error(`the chat webhook answered ${status}`);
  };
}

/** Node's reason; the words of the error may repeat the URL. */
function codeOf(error: unknown): string {
  const cause: unknown = Reflect.get(Object(error), "cause");
  return String(Reflect.get(Object(cause), "code") ?? Reflect.get(Object(error), "name"));
}

/**
 * So that a text shows as it is, and calls nobody.
 *
 * @see https://api.slack.com/reference/surfaces/formatting#escaping
 */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
