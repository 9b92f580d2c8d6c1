import fc from "fast-check";
import { endlessSource, failingSource } from "./bad-sources.ts";
import { goodSource } from "./good-sources.ts";
import type { Specimen, Verdict, Watch } from "./specimen.ts";
import { canary, headerText, isWellFormed, shown, textOf } from "./texts.ts";

/** What gives the bytes: `content`, with an encoding where it is a text, or `path`. */
export interface Content {
  readonly what: string;
  readonly make: (watch: Watch) => Readonly<Record<string, unknown>>;
  readonly verdict: Verdict<Uint8Array>;
}

function refusedContent(what: string, fields: Content["make"], where = ".content"): Content {
  return { what, make: fields, verdict: { faults: [where] } };
}

function fromSource(source: fc.Arbitrary<Specimen<Uint8Array>>): fc.Arbitrary<Content> {
  return source.map(({ what, make, isAccepted, verdict }) => {
    const fields: Content["make"] = (watch) => ({ content: make(watch) });
    return isAccepted ? { what, make: fields, verdict } : refusedContent(what, fields);
  });
}

const fromText: fc.Arbitrary<Content> = fc
  .array(fc.oneof(headerText, fc.constantFrom("\r\n", "\0", "\ud800", "\r\n--x--\r\n")), { maxLength: 3 })
  .map((parts) => parts.join(""))
  .map((text) => {
    const make = () => ({ content: text, encoding: "utf8" });
    if (!isWellFormed(text)) return refusedContent(shown(text), make);
    return { what: shown(text), make, verdict: { arrives: new Uint8Array(Buffer.from(text)) } };
  });

const fromBase64: fc.Arbitrary<Content> = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 100 }).map((bytes): Content => {
    const text = Buffer.from(bytes).toString("base64").replace(/.{20}/g, "$&\r\n ");
    return { what: text, make: () => ({ content: text, encoding: "base64" }), verdict: { arrives: bytes } };
  }),
  fc
    .constantFrom("QQ", "QQ=", "Q===", "Q-_=", "QQ==QQ==", "*", `${canary}!`, "Q\0Q=", "é", "QUI=\ud800", "QR==")
    .map((text) => refusedContent(text, () => ({ content: text, encoding: "base64" }))),
);

/** Files that can be read, with what is in them. */
export interface Files {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly directory: string;
}

function fromPath({ path, bytes, directory }: Files): fc.Arbitrary<Content> {
  const noPaths: readonly unknown[] = [
    directory,
    `${directory}/${canary}`,
    `${path}/${canary}`,
    `${path}\0`,
    "\0",
    "",
    textOf(65_536, "x/"),
    "/dev/zero",
    new URL(`file://${path}`),
    Buffer.from(path),
    null,
    5,
    5n,
    Symbol(canary),
    { toString: () => path },
    Promise.resolve(path),
  ];
  return fc.oneof(
    fc.constant<Content>({ what: "a file", make: () => ({ path }), verdict: { arrives: bytes } }),
    fc
      .nat({ max: noPaths.length - 1 })
      .map((index) => refusedContent(`no path, number ${index}`, () => ({ path: noPaths[index] }), ".path")),
  );
}

const contradictory: fc.Arbitrary<Content> = fc.constantFrom(
  refusedContent("nothing", () => ({})),
  refusedContent("a text without an encoding", () => ({ content: canary })),
  refusedContent("an encoding that is not known", () => ({ content: canary, encoding: "latin1" })),
  refusedContent("an encoding that is none", () => ({ content: canary, encoding: { toString: () => "utf8" } })),
  refusedContent("bytes with an encoding", () => ({ content: Buffer.from(canary), encoding: "utf8" })),
  refusedContent("content and path", () => ({ content: Buffer.from(canary), path: "/dev/null" })),
);

export function contentOf(files: Files): fc.Arbitrary<Content> {
  return fc.oneof(
    { weight: 12, arbitrary: fromSource(goodSource) },
    { weight: 3, arbitrary: fromSource(failingSource) },
    { weight: 1, arbitrary: fromSource(endlessSource) },
    { weight: 4, arbitrary: fromText },
    { weight: 3, arbitrary: fromBase64 },
    { weight: 3, arbitrary: fromPath(files) },
    { weight: 1, arbitrary: contradictory },
  );
}
