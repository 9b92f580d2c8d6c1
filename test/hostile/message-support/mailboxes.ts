import fc from "fast-check";
import type { Address } from "../../../src/index.ts";
import { listsOf } from "./lists.ts";
import { noMailbox } from "./no-mailboxes.ts";
import { objects, oneOf } from "./presentations.ts";
import { accepted, refused, type Specimen } from "./specimen.ts";
import { canary, fitsHeader, headerText, oddWord, plainWord, shown, textOf } from "./texts.ts";

const locals: readonly string[] = [
  canary,
  `${canary}.x+1`,
  `!#$%&'*+/=?^_\`{|}~-${canary}`,
  `"${canary} x"`,
  `"${canary}@home"`,
  `"${canary}\\"\\\\"`,
  `"${canary},;:<>()"`,
  `${canary}-ß\u202e`,
  `${canary}${"x".repeat(64 - canary.length)}`,
];

/** As written, and in ASCII. */
const domains: readonly (readonly [written: string, ascii: string])[] = [
  ["example.org", "example.org"],
  ["Example.ORG", "Example.ORG"],
  ["a.b-c.d9.example", "a.b-c.d9.example"],
  ["bücher.example", "xn--bcher-kva.example"],
  ["xn--bcher-kva.example", "xn--bcher-kva.example"],
  ["例え。テスト", "xn--r8jz45g.xn--zckzah"],
  ["ｅｘａｍｐｌｅ.org", "example.org"],
  [`${"x".repeat(63)}.org`, `${"x".repeat(63)}.org`],
];

const place = fc.record({ local: fc.constantFrom(...locals), domain: fc.constantFrom(...domains) });

function named(name: string, address: string): Address {
  return name.trim() === "" ? { address } : { name, address };
}

/** A mailbox in parts; whether it is valid depends on its name alone. */
const inParts: fc.Arbitrary<Specimen<Address>> = fc
  .tuple(fc.option(headerText, { nil: undefined }), place, oneOf(objects))
  .map(([name, { local, domain }, [how, present]]) => {
    const values = { ...(name === undefined ? {} : { name }), address: `${local}@${domain[0]}` };
    const what = `{ ${shown(JSON.stringify(values))} } ${how}`;
    const make: Specimen["make"] = (watch) => present(values, watch);
    if (name !== undefined && !fitsHeader(name)) return refused(what, make);
    return accepted(what, make, named(name ?? "", `${local}@${domain[1]}`));
  });

function quoted(name: string): string {
  return `"${name.replaceAll(/["\\]/g, "\\$&")}"`;
}

/** How a text can write a name before the address. */
const written: fc.Arbitrary<readonly [before: string, name: string]> = fc.oneof(
  fc.constant(["", ""] as const),
  plainWord.map((name) => [`${name} `, name] as const),
  headerText.map((name) => [`${quoted(name)} `, name] as const),
);

const inText: fc.Arbitrary<Specimen<Address>> = fc
  .record({ written, place, comment: fc.boolean(), around: fc.constantFrom("", " ", "  ") })
  .map(({ written: [before, name], place: { local, domain }, comment, around }) => {
    const address = `${local}@${domain[0]}`;
    const mailbox = before === "" && around === "" ? address : `${before}<${address}>`;
    const text = `${around}${mailbox}${comment ? " (at home)" : ""}${around}`;
    if (!fitsHeader(text)) return refused(shown(text), () => text);
    return accepted(shown(text), () => text, named(name, `${local}@${domain[1]}`));
  });

const longNames: fc.Arbitrary<Specimen<Address>> = fc
  .constantFrom(
    [textOf(200), true],
    [textOf(300), true],
    [textOf(150, "é"), true],
    [textOf(998), true],
    [textOf(998, "😀"), true],
    [textOf(999), false],
    [textOf(65_536), false],
  )
  .map(([name, fits]) => {
    const value = { name, address: `${canary}@example.org` };
    return fits
      ? accepted(`a name of ${String(name).length} characters`, () => value, named(String(name), value.address))
      : refused(`a name of ${String(name).length} characters`, () => value);
  });

/** A mailbox as a caller may give it, hostile or not. */
export const mailbox: fc.Arbitrary<Specimen<Address>> = fc.oneof(
  { weight: 6, arbitrary: inParts },
  { weight: 6, arbitrary: inText },
  { weight: 1, arbitrary: longNames },
  { weight: 2, arbitrary: noMailbox },
);

/** One that is valid and that each ESP takes, with a name of any kind. */
const oddMailbox: fc.Arbitrary<Specimen<Address>> = fc
  .tuple(oddWord, fc.nat({ max: 999 }))
  .map(([name, number]) => ({ name, address: `${canary}${number}@example.org` }))
  .map((value) => accepted(shown(JSON.stringify(value)), () => value, named(value.name, value.address)));

const items = fc.oneof(
  { weight: 3, arbitrary: fc.array(oddMailbox, { minLength: 1, maxLength: 4 }) },
  fc.array(fc.oneof({ weight: 20, arbitrary: mailbox }, fc.constant(refused("a list", () => [canary]))), {
    minLength: 1,
    maxLength: 3,
  }),
);

const crowdSize = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(50, 51, 1_000, 1_001) },
  { weight: 1, arbitrary: fc.constantFrom(100_000, 100_001) },
);

/** Many recipients, of which every hundredth may be none. */
const crowd: fc.Arbitrary<Specimen<readonly Address[]>> = fc.tuple(crowdSize, fc.boolean()).map(([count, valid]) => {
  const addresses = Array.from({ length: count }, (_, index) => ({ address: `${canary}${index}@example.org` }));
  if (count > 100_000) return refused(`${count} recipients`, () => addresses);
  if (valid) return accepted(`${count} recipients`, () => addresses, addresses);
  const list = addresses.map(({ address }, index) => (index % 100 === 7 ? `${canary} ${index}` : address));
  const faults = list.flatMap((text, index) => (text.includes("@") ? [] : [`[${index}]`]));
  return refused(`${count} recipients, of which some are none`, () => list, ...faults);
});

const several = listsOf(items);

/** One mailbox may stand for a list of one. */
const alone: fc.Arbitrary<Specimen<readonly Address[]>> = mailbox.map((specimen) =>
  specimen.map((address) => [address]),
);

const holes = fc.constant(
  refused("a list with a hole", () => Object.assign(new Array(3), { 0: "a@example.org", 2: "b@example.org" }), "[1]"),
);

const ordinary = fc.oneof(
  { weight: 8, arbitrary: several },
  { weight: 8, arbitrary: alone },
  { weight: 1, arbitrary: holes },
);

/** What cc, bcc and replyTo may be given. */
export const mailboxes: fc.Arbitrary<Specimen<readonly Address[]>> = fc.oneof(
  { weight: 20, arbitrary: ordinary },
  fc.constant(accepted("nobody", () => [], [])),
);

/** The same for `to`, where nobody is too few and a crowd may come. */
export const recipients: fc.Arbitrary<Specimen<readonly Address[]>> = fc.oneof(
  { weight: 100, arbitrary: ordinary },
  { weight: 4, arbitrary: fc.constant(refused("nobody", () => [])) },
  { weight: 3, arbitrary: crowd },
);
