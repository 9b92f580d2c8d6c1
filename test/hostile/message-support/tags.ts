import fc from "fast-check";
import { listsOf, noList } from "./lists.ts";
import { boom } from "./rogues.ts";
import { accepted, refused, type Specimen } from "./specimen.ts";
import { canary, fitsHeader, headerText, plainWord, textOf } from "./texts.ts";
import { noText, textsOf } from "./written-texts.ts";

const lengths = [128, 129, 257, 65_536].map((length) => textOf(length));

const tag: fc.Arbitrary<Specimen<string>> = fc.oneof(
  {
    weight: 16,
    arbitrary: textsOf(
      fc.oneof(
        { weight: 4, arbitrary: plainWord },
        { weight: 3, arbitrary: headerText },
        fc.constantFrom("0", "constructor", "__proto__", "steadymail-id", "", ...lengths),
      ),
      (text) => text !== "" && fitsHeader(text),
    ),
  },
  noText,
  fc.constant(refused("nothing", () => undefined)),
);

function secondThrows(): object {
  return new Proxy(["a", "b"], { get: (target, key) => (key === "1" ? boom() : Reflect.get(target, key)) });
}

export const tags: fc.Arbitrary<Specimen<readonly string[]>> = fc.oneof(
  { weight: 16, arbitrary: listsOf(fc.array(tag, { maxLength: 3 })) },
  fc.constantFrom(10, 11, 200).map((count) => {
    const many = Array.from({ length: count }, (_, index) => `${canary}${index}`);
    return accepted(`${count} tags`, () => many, many);
  }),
  fc.constant(refused("a tag that throws", secondThrows, "[1]")),
  noList,
);
