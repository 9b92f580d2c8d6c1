import { inspect } from "node:util";
import type { EspName } from "../../../src/testing/index.ts";

export type Header = readonly [name: string, value: string];

/** An answer as it is meant, before it is put on the wire in one way or another. */
export interface HostileAnswer {
  readonly status: number;
  readonly headers: readonly Header[];
  readonly body: Buffer;
  /** What is odd about it, for whoever reads of a failure. */
  readonly what: string;
  /** It lets the words be seen as they were sent, and not half of one. */
  readonly isWhole: boolean;
}

export function answer(status: number, body: string | Buffer = "", headers: readonly Header[] = []): HostileAnswer {
  return { status, headers, body: Buffer.from(body), what: "", isWhole: true };
}

export const json: Header = ["content-type", "application/json"];

/** The values of a header, in the order in which they came. */
export function valuesOf({ headers }: HostileAnswer, wanted: string): readonly string[] {
  return headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
}

/** HTTP has no bodies with these. */
export function isBodiless(status: number): boolean {
  return status < 200 || status === 204 || status === 304;
}

/** The answer that each ESP gives when it takes a message. */
export function receipt(esp: EspName, id: string): HostileAnswer {
  switch (esp) {
    case "ses":
      return answer(200, JSON.stringify({ MessageId: id }), [json]);
    case "sendgrid":
      return answer(202, "", [["x-message-id", id]]);
    case "mailgun":
      return answer(200, JSON.stringify({ id: `<${id}@mg.example.com>`, message: "Queued. Thank you." }), [json]);
    case "mailjet": {
      const to = [{ Email: "ada@example.org", MessageUUID: id, MessageID: 1, MessageHref: "https://example.com/1" }];
      return answer(200, JSON.stringify({ Messages: [{ Status: "success", To: to }] }), [json]);
    }
  }
}

/** The `providerMessageId` under which a receipt with that id is known. */
export function idFrom(esp: EspName, id: string): string {
  return esp === "mailgun" ? `<${id}@mg.example.com>` : id;
}

/** How each ESP says that it did not take a message, which it calls malformed. */
export function refusal(esp: EspName, status = 400): HostileAnswer {
  const words = "It is malformed";
  const bodies = {
    ses: { __type: "BadRequestException", message: words },
    sendgrid: { errors: [{ message: words, field: "subject", help: null }] },
    mailgun: { message: words },
    mailjet: { ErrorIdentifier: "1", ErrorCode: "mj-0013", StatusCode: status, ErrorMessage: words },
  } as const satisfies Record<EspName, object>;
  return answer(status, JSON.stringify(bodies[esp]), [json]);
}

export function describeAnswer({ status, headers, body, what }: HostileAnswer): string {
  const shown = inspect({
    status,
    headers: headers.slice(0, 12),
    body: body.subarray(0, 400).toString("latin1"),
    length: body.length,
  });
  return `${what}\n${shown.slice(0, 2_000)}`;
}
