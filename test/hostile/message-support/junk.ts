import fc from "fast-check";
import type { FieldName, Letter, Parts } from "./letter.ts";
import { boom, cyclic, revokedProxy, throwingProxy } from "./rogues.ts";
import { Specimen } from "./specimen.ts";
import { canary } from "./texts.ts";
import { thenable } from "./thenable.ts";

/** A promise whose rejection somebody else looks after. */
function lateRejection(): Promise<never> {
  const rejection = Promise.reject(new Error(canary));
  rejection.catch(() => {});
  return rejection;
}

/** Values of every kind, none of which is meant for any field. */
const makers: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  "an empty text": () => "",
  "a text": () => canary,
  zero: () => 0,
  "a number that is none": () => Number.NaN,
  infinity: () => Number.NEGATIVE_INFINITY,
  "a bigint": () => 10n,
  true: () => true,
  false: () => false,
  "a symbol": () => Symbol(canary),
  "a function": () => () => canary,
  "a class": () => class Entity {},
  "an empty list": () => [],
  "an empty object": () => ({}),
  "an object without a prototype": () => Object.create(null),
  "a sparse list": () => new Array(3),
  "a list that is too long": () => new Array(2 ** 32 - 1),
  "an object of itself": cyclic,
  "what looks like a list": () => ({ 0: canary, length: 1 }),
  "a String": () => new String(canary),
  bytes: () => Buffer.from(canary),
  "an invalid Date": () => new Date(Number.NaN),
  "a proxy of nothing that throws": () => throwingProxy("get", "ownKeys", "getPrototypeOf", "has"),
  "a proxy of a list that throws": () => new Proxy([canary], { get: boom }),
  "a revoked proxy": () => revokedProxy(),
  "a revoked proxy of a list": () => revokedProxy([]),
  "an object with a prototype of its own name": () => JSON.parse(`{"__proto__":{"polluted":"${canary}"}}`),
  "a constructor that would pollute": () => ({ constructor: { prototype: { polluted: canary } } }),
};

/** Objects without properties of their own, which are taken for an object where nothing else is asked of it. */
const hollow: Readonly<Record<string, () => unknown>> = {
  "a Map": () => new Map([["opens", true]]),
  "a Set": () => new Set([canary]),
  "an expression": () => /zorilla/g,
  "an Error": () => new Error(canary),
  "a promise that is rejected": lateRejection,
  "a promise that never settles": () => new Promise(() => {}),
  "something that is awaited in vain": () => thenable(() => {}),
  "a generator": () =>
    (function* () {
      yield canary;
    })(),
  memory: () => new ArrayBuffer(3),
  "an instance of a class": () => new (class Entity {})(),
};

type Fitting = { readonly [F in FieldName]?: Readonly<Record<string, Letter[F]>> };

const off = { opens: false, clicks: false };

/** What fits a field after all, and what arrives then. */
const fitting: Fitting = {
  cc: { undefined: [], "an empty list": [] },
  bcc: { undefined: [], "an empty list": [] },
  replyTo: { undefined: [], "an empty list": [] },
  subject: { "an empty text": "", "a text": canary },
  text: { "an empty text": "", "a text": canary },
  html: { undefined: undefined, "an empty text": "", "a text": canary },
  attachments: { undefined: [], "an empty list": [] },
  headers: { undefined: [], "an empty object": [], "an object without a prototype": [] },
  tags: { undefined: [], "an empty list": [] },
  metadata: { undefined: {}, "an empty object": {}, "an object without a prototype": {} },
  template: { undefined: undefined },
  tracking: { undefined: off, "an empty object": off, "an object without a prototype": off },
  sendAt: { undefined: undefined },
  providerOptions: {
    undefined: undefined,
    null: undefined,
    "an empty object": undefined,
    "an object without a prototype": undefined,
  },
};

const fields = Object.keys({ from: 0, to: 0, ...fitting });

function specimen(field: string, what: string, make: () => unknown): Specimen {
  const fits: Readonly<Record<string, unknown>> = Object.entries(fitting).find(([name]) => name === field)?.[1] ?? {};
  if (Object.hasOwn(fits, what)) return new Specimen(what, make, { arrives: fits[what] });
  const isEmpty =
    field === "tracking"
      ? Object.hasOwn({ ...hollow, "an invalid Date": true }, what)
      : what === "something that is awaited in vain";
  if (isEmpty && ["tracking", "headers", "metadata", "providerOptions"].includes(field)) {
    return new Specimen(what, make, "either");
  }
  return new Specimen(what, make, { faults: "somewhere" });
}

/** Where a promise is what is asked for, those that never settle or are rejected have their place elsewhere. */
function isAwaited(field: string, what: string): boolean {
  return ["text", "html"].includes(field) && /promise|awaited/.test(what);
}

/** A text may be missing beside something that stands for it. */
function isGivenUp(text: string, chosen: readonly (readonly [field: string, unknown])[]): boolean {
  return text === "undefined" && chosen.some(([field]) => ["html", "template"].includes(field));
}

const all = Object.entries({ ...makers, ...hollow });

/** Messages with junk in some of their fields. */
export const junk: fc.Arbitrary<Parts> = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...fields), fc.constantFrom(...all)), {
    minLength: 1,
    maxLength: 2,
    selector: ([field]) => field,
  })
  .map((chosen) =>
    Object.fromEntries(
      chosen
        .filter(([field, [what]]) => !isAwaited(field, what) && !(field === "text" && isGivenUp(what, chosen)))
        .map(([field, [what, make]]) => [field, specimen(field, what, make)]),
    ),
  );
