import { now } from "../clock.ts";
import type { PreparedMessage } from "../message/message.ts";
import type { Wire } from "../wire/wire.ts";
import { beforeRequest, type Esp } from "./attempt.ts";
import type { QuestionLimits } from "./provider.ts";

/**
 * Has the SDK build the request of a mail that goes nowhere, which loads it, finds the credentials and shows where mail
 * would go. Then opens a connection to there, by a `HEAD` without credentials; any answer will do.
 *
 * @throws ProviderError
 */
export async function warm<Sdk>(esp: Esp<Sdk>, wire: Wire, { signal, timeout }: QuestionLimits): Promise<void> {
  const began = now();
  const url = new URL("/", await mailUrl(esp));
  const left = Math.max(1, timeout - (now() - began));
  await wire.request({ method: "HEAD", url, headers: {}, body: "" }, { signal, timeout: left, fresh: false });
}

async function mailUrl<Sdk>(esp: Esp<Sdk>): Promise<URL> {
  let seen: URL | undefined;
  const sdk = await esp.load();
  try {
    await esp.dispatch(sdk, {
      message: sample,
      id: "warm",
      send: ({ url }) => {
        seen = url;
        return Promise.reject(new Error("a request that was built to be looked at"));
      },
    });
  } catch (thrown) {
    if (!seen) throw beforeRequest(esp, thrown, () => esp.secrets);
  }
  if (!seen) throw beforeRequest(esp, undefined, () => esp.secrets);
  return seen;
}

/** What every adapter can build a request of. */
const sample: PreparedMessage = {
  from: { address: "nobody@example.com" },
  to: [{ address: "nobody@example.com" }],
  cc: [],
  bcc: [],
  replyTo: [],
  subject: "-",
  text: "-",
  attachments: [],
  headers: [],
  tags: [],
  metadata: [],
  tracking: { opens: false, clicks: false },
  size: 1,
};
