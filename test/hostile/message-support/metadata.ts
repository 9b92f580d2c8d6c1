import fc from "fast-check";
import { literals, oneOf } from "./presentations.ts";
import { noRecord, record, throwingRecord } from "./records.ts";
import type { Specimen } from "./specimen.ts";
import { fitsHeader, headerText, nameText, plainWord, textOf } from "./texts.ts";
import { noText, textsOf } from "./written-texts.ts";

const metadataName: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/) },
  { weight: 3, arbitrary: nameText },
  { weight: 1, arbitrary: fc.constantFrom("a%22b", "a%0d%0ab", 'a"b') },
  fc.constantFrom(
    ..."constructor toString hasOwnProperty valueOf then toJSON length prototype 0 42 %".split(" "),
    ..."steadymail-i __proto__ steadymail-id Steadymail-ID STEADYMAIL-ID".split(" "),
    "",
    " ",
    "x".repeat(256),
    "x".repeat(257),
    "x".repeat(65_536),
  ),
);

/** The id of the send is the mailer's own. */
function isMetadataName(name: string): boolean {
  return name !== "" && name !== "__proto__" && name.toLowerCase() !== "steadymail-id" && fitsHeader(name);
}

const metadataValue = fc.oneof(
  {
    weight: 20,
    arbitrary: textsOf(
      fc.oneof(
        { weight: 12, arbitrary: plainWord },
        { weight: 12, arbitrary: headerText },
        fc.constantFrom("", "0", "false", textOf(256), textOf(257), textOf(20_000), textOf(65_536, "é")),
      ),
      (text) => fitsHeader(text),
    ),
  },
  noText,
);

export const metadata: fc.Arbitrary<Specimen<Readonly<Record<string, string>>>> = fc
  .oneof(
    {
      weight: 20,
      arbitrary: fc
        .tuple(fc.array(fc.tuple(metadataName, metadataValue), { maxLength: 4 }), oneOf(literals))
        .map(([entries, how]) => record(entries, isMetadataName, how)),
    },
    noRecord,
    throwingRecord,
  )
  .map((specimen) => specimen.map((entries) => Object.fromEntries(entries)));
