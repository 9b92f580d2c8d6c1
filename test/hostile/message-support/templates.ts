import fc from "fast-check";
import type { EspName, ReceivedMessage } from "../../../src/testing/index.ts";
import { espNames } from "../../contract/support/esps.ts";
import { objects, oneOf, throwingAt } from "./presentations.ts";
import { accepted, refused, Specimen, type Verdict } from "./specimen.ts";
import { canary, fitsHeader, headerText, plainWord, shown, textOf } from "./texts.ts";
import { variables } from "./variables.ts";

/** A template as it arrives: its id differs between the ESPs, and some may have none. */
export interface Template {
  readonly ids: Readonly<Partial<Record<EspName, string>>>;
  readonly variables: NonNullable<ReceivedMessage["template"]>["variables"];
}

const id: Readonly<Record<EspName, fc.Arbitrary<string>>> = {
  ses: fc.oneof(plainWord, headerText),
  sendgrid: fc.oneof(fc.constantFrom("d-1", `d-${canary}`, canary), headerText),
  mailgun: fc.oneof(plainWord, headerText),
  mailjet: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom("1", "42", "9007199254740991") },
    fc.constantFrom("0", "1e3", " 7", "9007199254740993", "-1"),
    headerText,
  ),
};

const ids = fc.record(id, { requiredKeys: [] });

const none = fc.constant(accepted("none", () => undefined, {}));

const known: fc.Arbitrary<Specimen<Template>> = fc
  .tuple(
    fc.oneof({ weight: 4, arbitrary: fc.record(id) }, ids),
    fc.oneof({ weight: 4, arbitrary: variables }, none),
    oneOf(objects),
  )
  .map(([given, values, [how, present]]) => {
    const make: Specimen["make"] = (watch) => present({ id: { ...given }, variables: values.make(watch) }, watch);
    const what = `{ id: ${shown(JSON.stringify(given))}, variables: ${values.what} } ${how}`;
    return new Specimen(what, make, verdictOn(given, values));
  });

function verdictOn(given: Template["ids"], values: Specimen<Template["variables"]>): Verdict<Template> {
  const wrong = espNames.filter((name) => given[name] !== undefined && !fitsHeader(given[name]));
  if (values.faults === "somewhere") return { faults: "somewhere" };
  const faults = [...wrong.map((name) => `.id.${name}`), ...values.faults.map((fault) => `.variables${fault}`)];
  return faults.length > 0 ? { faults } : { arrives: { ids: given, variables: values.arrives ?? {} } };
}

export const template: fc.Arbitrary<Specimen<Template>> = fc.oneof(
  { weight: 12, arbitrary: known },
  fc.constantFrom(
    refused("one id for all", () => ({ id: canary }), ".id"),
    refused("no id", () => ({ variables: {} }), ".id"),
    refused("an id for nobody", () => ({ id: { constructor: canary } }), ".id.constructor"),
    refused("an id for what every object has", () => JSON.parse(`{"id":{"__proto__":"${canary}"}}`), ".id.__proto__"),
    refused("an empty id", () => ({ id: { ses: "" } }), ".id.ses"),
    refused("a huge id", () => ({ id: { ses: `${textOf(65_536)}\n` } }), ".id.ses"),
    refused("ids that are none", () => ({ id: { ses: 5, mailjet: 7n } }), ".id.ses", ".id.mailjet"),
    refused("ids in a Map", () => ({ id: new Map([["ses", canary]]) }), ".id"),
    refused("an id that throws", () => throwingAt({ id: canary }, "id"), ".id"),
    refused("variables that are a text", () => ({ id: { ses: canary }, variables: "{}" }), ".variables"),
    refused("variables that are a list", () => ({ id: { ses: canary }, variables: [canary] }), ".variables"),
    refused("a name for id", () => ({ name: canary, id: { ses: canary } }), ".name"),
    refused("a text", () => canary),
    refused("null", () => null),
    refused("a list", () => [canary]),
  ),
);
