import fc from "fast-check";
import type { ReceivedAttachment } from "../../../src/testing/index.ts";
import { flood } from "./bad-sources.ts";
import { type Content, contentOf, type Files } from "./contents.ts";
import { contentId, contentType, filename } from "./file-fields.ts";
import { listsOf, noList } from "./lists.ts";
import { objects, oneOf, throwingAt } from "./presentations.ts";
import { accepted, refused, Specimen, type Verdict } from "./specimen.ts";
import { canary } from "./texts.ts";

/** Stands for a property that is not there. */
const nothing: Specimen<undefined> = accepted("absent", () => undefined, undefined);
const absent = fc.constant(nothing);

interface Parts {
  readonly filename: Specimen<string | undefined>;
  readonly contentType: Specimen<string | undefined>;
  readonly contentId: Specimen<string | undefined>;
}

/** One of the list, with the Content-ID that no other may have. */
interface Item {
  readonly specimen: Specimen<ReceivedAttachment>;
  readonly id: string | undefined;
}

function attachment(files: Files): fc.Arbitrary<Item> {
  const parts: fc.Arbitrary<Parts> = fc.record({
    filename,
    contentType: fc.oneof({ weight: 4, arbitrary: contentType }, absent),
    contentId: fc.oneof({ weight: 1, arbitrary: contentId }, { weight: 3, arbitrary: absent }),
  });
  return fc.tuple(parts, contentOf(files), oneOf(objects)).map(([named, content, [how, present]]) => {
    const make: Specimen["make"] = (watch) => {
      const given = Object.entries(named).filter(([, part]) => part !== nothing);
      const fields = Object.fromEntries(given.map(([key, part]) => [key, part.make(watch)]));
      return present({ ...fields, ...content.make(watch) }, watch);
    };
    const fields = Object.entries(named).map(([key, part]) => `${key}: ${part.what}`);
    const what = `{ ${fields.join(", ")}, ${content.what} } ${how}`;
    return { specimen: new Specimen(what, make, verdictOn(named, content)), id: named.contentId.arrives };
  });
}

function verdictOn(named: Parts, content: Content): Verdict<ReceivedAttachment> {
  const faults = Object.entries(named).flatMap(([key, part]) => (part.isAccepted ? [] : [`.${key}`]));
  const { verdict } = content;
  if (verdict === "either") return verdict;
  if ("faults" in verdict) faults.push(...verdict.faults);
  if (faults.length > 0 || !("arrives" in verdict)) return { faults };
  const { arrives: contentId } = named.contentId;
  return {
    arrives: {
      filename: named.filename.arrives ?? "",
      contentType: named.contentType.arrives ?? "application/octet-stream",
      ...(contentId === undefined ? {} : { contentId }),
      content: verdict.arrives,
    },
  };
}

/** The second of two with one Content-ID is refused. */
function withoutTwins(items: readonly Item[]): readonly Specimen<ReceivedAttachment>[] {
  return items.map(({ specimen, id }, index) => {
    const isTwin = id !== undefined && items.slice(0, index).some((other) => other.id === id);
    return isTwin ? refused(specimen.what, specimen.make, ...specimen.faults, ".contentId") : specimen;
  });
}

/** Two attachments cannot have the bytes of one generator. */
function sharing(): unknown {
  const content = (async function* () {
    yield Buffer.from(canary);
  })();
  return ["a", "b"].map((filename) => ({ filename, content }));
}

const bytes = Buffer.from(canary);

const wrongLists: fc.Arbitrary<Specimen<never>> = fc.constantFrom(
  refused("no attachments", () => [null, 5, canary, [], Symbol(canary)], "[0]", "[1]", "[2]", "[3]", "[4]"),
  refused("a field that is not known", () => [{ filename: "a", content: bytes, cid: "a" }], "[0].cid"),
  refused("a source for two", sharing, "[1].content"),
  refused("content that throws", () => [throwingAt({ filename: "a", content: bytes }, "content")], "[0].content"),
  refused("a filename that throws", () => [throwingAt({ filename: "a", content: bytes }, "filename")], "[0].filename"),
);

const flooded = flood.map((make) => {
  const list: Specimen["make"] = (watch) => [{ filename: canary, content: make(watch) }];
  return refused("a flood", list, "/size");
});

export function attachments(files: Files): fc.Arbitrary<Specimen<readonly ReceivedAttachment[]>> {
  const items = fc.array(attachment(files), { minLength: 1, maxLength: 3 }).map(withoutTwins);
  return fc.oneof(
    { weight: 120, arbitrary: listsOf(items) },
    { weight: 1, arbitrary: flooded },
    { weight: 6, arbitrary: noList },
    { weight: 6, arbitrary: wrongLists },
  );
}
