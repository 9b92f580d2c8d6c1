import type { Address } from "../../../src/index.ts";
import type { ReceivedAttachment } from "../../../src/testing/index.ts";
import type { Pair } from "./header-fields.ts";
import type { Presentation } from "./presentations.ts";
import type { Specimen, Watch } from "./specimen.ts";
import type { Template } from "./templates.ts";

/** A message in one form for all ESPs, before each of them makes its own of it. */
export interface Letter {
  readonly from: Address;
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly bcc: readonly Address[];
  readonly replyTo: readonly Address[];
  readonly subject: string;
  readonly text: string | undefined;
  readonly html: string | undefined;
  readonly attachments: readonly ReceivedAttachment[];
  readonly headers: readonly Pair[];
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly template: Template | undefined;
  readonly tracking: { readonly opens: boolean; readonly clicks: boolean };
  readonly sendAt: Date | undefined;
  readonly providerOptions: OptionsEffect | undefined;
}

/** What options for single ESPs do: nothing, what is not theirs to do, or something that only their ESP can judge. */
export type OptionsEffect = "nothing" | "forbidden" | "strange";

export type FieldName = keyof Letter;

/** The parts of a message that are hostile; the others are those of a plain letter. */
export type Parts = { readonly [F in FieldName]?: Specimen<Letter[F]> };

/** A message as a caller gives it. */
export interface Candidate {
  readonly parts: Parts;
  /** In what object it comes, if in any. */
  readonly present: Presentation | ((values: Readonly<Record<string, unknown>>, watch: Watch) => unknown);
  /** Where the object as a whole is refused. */
  readonly faults?: readonly string[];
  /** What the mailer's defaults say. */
  readonly defaults?: Pick<Candidate, "parts" | "present">;
}

const plain = { from: "Shop <orders@example.com>", to: "ada@example.org", subject: "Your order", text: "Thank you." };

const plainLetter: Letter = {
  from: { name: "Shop", address: "orders@example.com" },
  to: [{ address: "ada@example.org" }],
  cc: [],
  bcc: [],
  replyTo: [],
  subject: plain.subject,
  text: plain.text,
  html: undefined,
  attachments: [],
  headers: [],
  tags: [],
  metadata: {},
  template: undefined,
  tracking: { opens: false, clicks: false },
  sendAt: undefined,
  providerOptions: undefined,
};

/** A template brings its own subject and body. */
function besideTemplate({ template }: Parts) {
  const isThere = template !== undefined && !(template.isAccepted && template.arrives === undefined);
  return isThere ? { subject: "", text: undefined } : {};
}

/** What the message itself says: the plain letter, but for what is hostile, and for what is left to the defaults. */
function ofMessage<T extends object>(letter: T, { parts, defaults }: Candidate): object {
  const said = Object.entries({ ...letter, ...besideTemplate(parts) });
  return Object.fromEntries(said.filter(([field]) => !(field in (defaults?.parts ?? {}))));
}

export function writtenBy(candidate: Candidate, watch: Watch): Record<string, unknown> {
  return { ...ofMessage(plain, candidate), ...valuesOf(candidate.parts, watch) };
}

export function valuesOf(parts: Parts, watch: Watch): Record<string, unknown> {
  return Object.fromEntries(Object.entries(parts).map(([field, part]) => [field, part.make(watch)]));
}

/** The letter that must arrive, if nothing is wrong with any part. */
export function expectedOf(candidate: Candidate): Letter {
  const own = arriving(candidate.parts);
  const inherited = arriving(candidate.defaults?.parts ?? {});
  const taken = new Set((own.headers ?? []).map(([name]) => name.toLowerCase()));
  const headers = (inherited.headers ?? []).filter(([name]) => !taken.has(name.toLowerCase()));
  return {
    ...plainLetter,
    ...besideTemplate(candidate.parts),
    ...inherited,
    ...own,
    headers: [...headers, ...(own.headers ?? [])],
    metadata: { ...inherited.metadata, ...own.metadata },
  };
}

/** Whether a default counts: where the message says nothing, and where the two are joined. */
export function isAsked(field: string, parts: Parts): boolean {
  return !(field in parts) || ["headers", "metadata"].includes(field);
}

function arriving(parts: Parts): Partial<Letter> {
  const accepted = Object.entries(parts).filter(([, part]) => part.isAccepted);
  return Object.fromEntries(accepted.map(([field, part]) => [field, part.arrives]));
}
