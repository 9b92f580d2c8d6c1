import type { HostileAnswer } from "./answer.ts";

/** The head of an answer, by whatever means its end is told. */
export function headOf({ status, headers }: HostileAnswer, ...more: readonly string[]): Buffer {
  const lines = [...headers.map(([name, value]) => `${name}: ${value}`), ...more];
  return Buffer.from(`HTTP/1.1 ${status} Status\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`, "latin1");
}

/** The answer as an honest server would put it on the wire. */
export function bytesOf(answer: HostileAnswer): Buffer {
  return Buffer.concat([headOf(answer, `content-length: ${answer.body.length}`), answer.body]);
}

/** The answer in chunks of so many bytes. */
export function chunked(answer: HostileAnswer, size: number, extension: string, trailers: string): Buffer {
  const { body } = answer;
  const chunks = Array.from({ length: Math.ceil(body.length / size) }, (_, i) =>
    body.subarray(i * size, (i + 1) * size),
  );
  const framed = chunks.flatMap((chunk) => [
    Buffer.from(`${chunk.length.toString(16)}${extension}\r\n`),
    chunk,
    Buffer.from("\r\n"),
  ]);
  return Buffer.concat([
    headOf(answer, "transfer-encoding: chunked"),
    ...framed,
    Buffer.from(`0${extension}\r\n${trailers}\r\n`),
  ]);
}
