import type { Address, PreparedMessage } from "../message/message.ts";
import { requireOptions } from "../providers/options.ts";
import type { Provider } from "../providers/provider.ts";

/** Options of `logProvider`, with their defaults. */
export interface LogProviderOptions<N extends string> {
  /** `"log"` */
  readonly name?: N;
  /** Takes each line, without its end; by default it goes to the standard output. */
  readonly write?: (line: string) => void;
}

const keys: readonly (keyof LogProviderOptions<string>)[] = ["name", "write"];

/**
 * A provider for development that sends nothing, accepts everything, and prints a short summary of each message:
 *
 *     [log-1] Your order
 *       from Shop <orders@example.com>
 *       to ada@example.org
 *       text 120 characters, html 2,048 characters, 1 attachment (34,567 bytes), tags: order
 *
 * To show who gets what is its purpose, so unlike everything else here it prints addresses and subjects. Not for
 * production: there they would end up in logs.
 *
 * @throws TypeError for an option that does not exist
 */
export function logProvider<const N extends string = "log">(options?: LogProviderOptions<N>): Provider<NoInfer<N>>;
export function logProvider(options: LogProviderOptions<string> = {}): Provider {
  requireOptions(options, "logProvider", keys);
  const { name = "log", write = print } = options;
  let count = 0;
  return {
    name,
    unsupported: () => [],
    async send(message) {
      count += 1;
      const providerMessageId = `${name}-${count}`;
      for (const line of summary(providerMessageId, message)) write(line);
      return { providerMessageId };
    },
  };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function summary(id: string, message: PreparedMessage): readonly string[] {
  const mailboxes = (["from", "to", "cc", "bcc", "replyTo"] as const).flatMap((field) => {
    const list = [message[field]].flat();
    return list.length === 0 ? [] : [`  ${labels[field]} ${list.map(mailbox).join(", ")}`];
  });
  const contents = [...parts(message)];
  return [`[${id}] ${message.subject}`, ...mailboxes, ...(contents.length === 0 ? [] : [`  ${contents.join(", ")}`])];
}

const labels = { from: "from", to: "to", cc: "cc", bcc: "bcc", replyTo: "reply to" } as const;

function mailbox({ name, address }: Address): string {
  return name ? `${name} <${address}>` : address;
}

function* parts({ text, html, template, attachments, tags, sendAt }: PreparedMessage): Iterable<string> {
  if (text !== undefined) yield `text ${count(text.length, "character")}`;
  if (html !== undefined) yield `html ${count(html.length, "character")}`;
  if (template) yield `template ${template.id}`;
  if (attachments.length > 0) {
    const bytes = attachments.reduce((sum, { content }) => sum + content.byteLength, 0);
    yield `${count(attachments.length, "attachment")} (${count(bytes, "byte")})`;
  }
  if (tags.length > 0) yield `tags: ${tags.join(" ")}`;
  if (sendAt !== undefined) yield `not before ${new Date(sendAt).toISOString()}`;
}

function count(amount: number, unit: string): string {
  return `${amount.toLocaleString("en")} ${unit}${amount === 1 ? "" : "s"}`;
}
