import type { ReceivedRequest } from "../esp.ts";
import type { ReceivedAttachment } from "../inbox.ts";

export interface FormFile extends ReceivedAttachment {
  readonly field: string;
}

/** A form as a browser would have sent it: fields in order, and files read whole. */
export class Form {
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly files: readonly FormFile[];

  constructor(fields: Form["fields"], files: Form["files"]) {
    this.fields = fields;
    this.files = files;
  }

  /** The first value of a field. */
  text(name: string): string | undefined {
    return this.texts(name)[0];
  }

  texts(name: string): readonly string[] {
    return this.fields.flatMap(([field, value]) => (field === name ? [value] : []));
  }

  /** Fields whose names begin so, with the rest of their names. */
  withPrefix(prefix: string): readonly (readonly [name: string, value: string])[] {
    return this.fields.flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value] as const] : [],
    );
  }
}

/** Reads `multipart/form-data` and `application/x-www-form-urlencoded`; anything else is an empty form. */
export async function readForm({ headers, body }: ReceivedRequest): Promise<Form> {
  const contentType = headers.get("content-type") ?? "";
  const parsed = await new Response(body, { headers: { "content-type": contentType } })
    .formData()
    .catch(() => undefined);
  const fields: (readonly [string, string])[] = [];
  const files: FormFile[] = [];
  for (const [field, value] of parsed ?? []) {
    if (typeof value === "string") fields.push([field, value]);
    else files.push(await readFile(field, value));
  }
  return new Form(fields, files);
}

async function readFile(field: string, file: File): Promise<FormFile> {
  return {
    field,
    filename: file.name,
    contentType: file.type || "application/octet-stream",
    content: new Uint8Array(await file.arrayBuffer()),
  };
}
