/**
 * A message as Nodemailer hands it to a transport, as far as a transport here needs it. Structural, so that no types of
 * Nodemailer's have to be there.
 *
 * @see https://nodemailer.com/plugins/create#transports
 */
export interface NodemailerMail {
  /** What `sendMail` was given, and the transporter's defaults. */
  readonly data: object;
  /** The compiled message. */
  readonly message: NodemailerMessage | null;
  /** Reads a text, a Buffer, a stream, a file or a URL, as far as the message may. */
  resolveContent(data: object, key: string | number, callback: (error: Error | null, value?: unknown) => void): unknown;
  /** Parses addresses, names attachments, and writes out headers. */
  normalize(callback: (error?: Error | null, data?: object) => void): void;
}

/** The compiled message of such a mail, as far as a transport here needs it. */
export interface NodemailerMessage {
  /** Sender and recipients as SMTP would be told them. */
  getEnvelope(): { readonly from?: string | false | undefined; readonly to?: readonly string[] | undefined };
  /** The value of a header as it was set. */
  getHeader(name: string): unknown;
  /** All headers as they are written, a line or more each. */
  buildHeaders(): string;
}

/** The fields of a foreign object. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** A foreign object's own fields; of anything else none. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** One or many, as a list; nothing is none. */
export function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}
