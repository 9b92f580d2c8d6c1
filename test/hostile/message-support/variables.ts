import fc from "fast-check";
import { jsonLeaf } from "./json-leaves.ts";
import { listsOf } from "./lists.ts";
import { literals, oneOf } from "./presentations.ts";
import { record } from "./records.ts";
import { accepted, Specimen } from "./specimen.ts";
import { canary, codePoints, nameText, textOf } from "./texts.ts";

const name = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[A-Za-z0-9_$-]{1,5}$/) },
  nameText,
  codePoints,
  fc.constantFrom(
    ..."constructor prototype toString valueOf hasOwnProperty then length 0 -1 customArgs sendAt".split(" "),
    "",
    " ",
    "\r\n",
    "\0",
    "\ud800",
    "__proto__",
  ),
);

/** As in JSON, what is undefined is left out of an object, and null in a list. */
function objectOf(values: fc.Arbitrary<Specimen>): fc.Arbitrary<Specimen<Readonly<Record<string, unknown>>>> {
  return fc
    .tuple(fc.array(fc.tuple(name, values), { maxLength: 3 }), oneOf(literals))
    .map(([entries, how]) =>
      record(entries, (key) => key !== "__proto__", how).map((arriving) =>
        Object.fromEntries(arriving.filter(([, value]) => value !== undefined)),
      ),
    );
}

function listOf(values: fc.Arbitrary<Specimen>): fc.Arbitrary<Specimen> {
  return listsOf(fc.array(values, { maxLength: 3 })).map((list) =>
    list.map((items) => items.map((item) => item ?? null)),
  );
}

const { tree } = fc.letrec<{ tree: Specimen }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    { weight: 4, arbitrary: jsonLeaf },
    { weight: 1, arbitrary: listOf(tie("tree")) },
    { weight: 1, arbitrary: objectOf(tie("tree")) },
  ),
}));

const many = { list: new Array(1_000).fill(canary) };
const huge = { text: textOf(300_000) };

const heavy: readonly Specimen<Readonly<Record<string, unknown>>>[] = [
  accepted("many values", () => many, many),
  accepted("a huge text", () => huge, huge),
  new Specimen("too many values", () => ({ list: new Array(100_001).fill(0) }), { faults: "somewhere" }),
  new Specimen("more values than there is memory", bomb, { faults: "somewhere" }),
];

function bomb(): object {
  let value: object = { canary };
  for (let level = 0; level < 40; level += 1) value = { a: value, b: value };
  return value;
}

/** An object of anything that JSON can carry, and of what it cannot. */
export const variables = fc.oneof({ weight: 20, arbitrary: objectOf(tree) }, fc.constantFrom(...heavy));
