export interface EncodedForm {
  readonly contentType: string;
  readonly body: Uint8Array;
}

/**
 * A form as `multipart/form-data` (RFC 7578), byte for byte as it is: `Response` and the HTTP clients of the SDKs would
 * turn every line break of a text into CRLF.
 */
export async function encodeForm(form: FormData): Promise<EncodedForm> {
  const boundary = process.getBuiltinModule("node:crypto").randomUUID();
  const chunks: Uint8Array[] = [];
  for (const [name, value] of form) {
    chunks.push(Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${headerOf(name, value)}\r\n\r\n`));
    chunks.push(typeof value === "string" ? Buffer.from(value) : new Uint8Array(await value.arrayBuffer()));
    chunks.push(lineEnd);
  }
  chunks.push(Buffer.from(`--${boundary}--\r\n`));
  return { contentType: `multipart/form-data; boundary=${boundary}`, body: Buffer.concat(chunks) };
}

const lineEnd = Buffer.from("\r\n");

function headerOf(name: string, value: string | File): string {
  const field = `name="${percentEncode(name)}"`;
  if (typeof value === "string") return field;
  const type = value.type || "application/octet-stream";
  return `${field}; filename="${percentEncode(value.name)}"\r\nContent-Type: ${type}`;
}

/** As browsers do: https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data */
function percentEncode(text: string): string {
  return text.replace(/[\r\n"]/g, encodeURIComponent);
}
