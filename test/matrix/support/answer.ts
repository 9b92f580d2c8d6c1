/** An HTTP answer with a length, as the simulators give it. */
export interface Answer {
  readonly status: number;
  readonly statusLine: string;
  /** Without `content-length`. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** The answer, if it is there to its last byte. */
export function readAnswer(bytes: Buffer): Answer | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [statusLine = "", ...headers] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const isLength = (header: string) => /^content-length:/i.test(header);
  const length = Number(headers.find(isLength)?.split(":")[1]);
  const body = bytes.subarray(end + 4);
  if (body.length < length) return undefined;
  const status = Number(statusLine.split(" ")[1]);
  return { status, statusLine, headers: headers.filter((header) => !isLength(header)), body };
}

/** The head of an answer with further headers. */
export function headOf({ statusLine, headers }: Answer, ...more: string[]): Buffer {
  return Buffer.from(`${[statusLine, ...headers, ...more].join("\r\n")}\r\n\r\n`, "latin1");
}

/** The answer as it is, with another body where one is given. */
export function wholeOf(answer: Answer, body: Buffer = answer.body): Buffer {
  return Buffer.concat([headOf(answer, `content-length: ${body.length}`), body]);
}

/** The body, or what stands for one where the ESP has none: SendGrid's receipt is a header. */
export function bodyOf({ body }: Answer): Buffer {
  return body.length > 0 ? body : Buffer.from('{"nothing":"to say"}');
}

export function firstHalf(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length / 2);
}
