import { isObject, parseJson } from "../json-value.ts";
import { isAscii, parseMailboxes } from "../mailbox.ts";
import type { Form } from "./form.ts";
import { splitList } from "./recipient-variables.ts";

const mostRecipients = 1_000;
/** All parameters that begin with o:, h:, v: or t: together. */
const largestOptions = 16 * 1024;
const furthestSchedule = 3 * 24 * 60 * 60 * 1_000;

const contentParameters = ["text", "html", "amp-html", "template"];
const addressParameters = ["from", "to", "cc", "bcc", "h:Reply-To"];
const jsonParameters = ["t:variables", "recipient-variables"];
/** The values that some options take; Mailgun passes over parameters that it does not know. */
const optionValues: Readonly<Record<string, readonly string[]>> = {
  "o:testmode": ["yes", "no", "true", "false"],
  "o:tracking": ["yes", "no", "true", "false", "htmlonly"],
  "o:tracking-opens": ["yes", "no", "true", "false"],
  "o:tracking-clicks": ["yes", "no", "true", "false", "htmlonly"],
};

/** The `message` of Mailgun's 400; nothing if it takes the request. */
export function findProblem(form: Form): string | undefined {
  return requiredProblem(form) ?? addressProblem(form) ?? jsonProblem(form) ?? deliveryTimeProblem(form);
}

function requiredProblem(form: Form): string | undefined {
  const missing = ["from", "to"].find((name) => !form.text(name) && !(name === "from" && form.text("template")));
  if (missing !== undefined) return `${missing} parameter is missing`;
  if (contentParameters.some((name) => form.text(name))) return undefined;
  return `Need at least one of ${contentParameters.map((name) => `'${name}'`).join(", ")} parameters specified`;
}

function addressProblem(form: Form): string | undefined {
  const invalid = addressParameters.find((name) => form.texts(name).some((value) => !areAddresses(value)));
  if (invalid !== undefined) return `'${invalid}' parameter is not a valid address. please check documentation`;
  const recipients = ["to", "cc", "bcc"].flatMap((name) => form.texts(name).flatMap(splitList));
  return recipients.length > mostRecipients ? "Too many recipients" : undefined;
}

/** By RFC 5322 without its extension for other alphabets, but for names. */
function areAddresses(text: string): boolean {
  return splitList(text).every((one) => {
    const mailboxes = parseMailboxes(one);
    return mailboxes?.every(({ address }) => isAscii(address.slice(0, address.lastIndexOf("@")))) ?? false;
  });
}

/** Counted for each recipient, with its variables in place. */
export function optionProblem(form: Form): string | undefined {
  const options = form.fields.filter(([name]) => /^[ohvt]:/u.test(name));
  const size = options.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);
  if (size > largestOptions) {
    return "Send options (parameters starting with o:, h:, v:, or t:) are limited to 16KB total";
  }
  const wrong = Object.keys(optionValues).find((name) =>
    form.texts(name).some((value) => !optionValues[name]?.includes(value)),
  );
  return wrong === undefined ? undefined : `'${wrong}' parameter is not valid`;
}

function jsonProblem(form: Form): string | undefined {
  const broken = jsonParameters.find((name) => form.texts(name).some((value) => !isObject(parseJson(value))));
  return broken === undefined ? undefined : `'${broken}' parameter is not a valid JSON`;
}

function deliveryTimeProblem(form: Form): string | undefined {
  const value = form.text("o:deliverytime");
  if (value === undefined) return undefined;
  const time = deliveryTime(value);
  if (Number.isNaN(time)) return "'o:deliverytime' parameter is not a valid date";
  return time > Date.now() + furthestSchedule ? "'o:deliverytime' parameter is too far in the future" : undefined;
}

/** An RFC 2822 date, or seconds since the epoch; in milliseconds since the epoch. */
export function deliveryTime(value: string): number {
  return /^\d+$/u.test(value) ? Number(value) * 1_000 : Date.parse(value);
}
