import fc from "fast-check";
import { boom, throwingProxy } from "./rogues.ts";
import { accepted, refused, type Specimen } from "./specimen.ts";
import { canary, codePoints, isWellFormed, oddWord, shown, textOf } from "./texts.ts";
import { thenable, withThen } from "./thenable.ts";
import { noText } from "./written-texts.ts";

const lines = fc.constantFrom(
  "\r\n",
  "\n",
  "\r",
  "\0",
  "\u0001",
  "\u001b[2J",
  "\u007f",
  "\t",
  "\r\n.\r\n",
  "--x\r\n",
  "\ufeff",
);
const halves = fc.constantFrom("\ud800", "\udfff", "\ud83d\n");

/** Of a body, all but half pairs arrive as they are. */
const bodyText: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc
      .array(fc.oneof(oddWord, lines, codePoints), { minLength: 1, maxLength: 6 })
      .map((parts) => `${canary}${parts.join("")}`),
  },
  { weight: 2, arbitrary: fc.tuple(oddWord, halves, oddWord).map((parts) => parts.join("")) },
  fc.constantFrom("", " ", "\0", "\r\n", "0", textOf(65_536), textOf(65_536, "é\r\n"), textOf(1_000_000)),
);

type Source = (text: string) => unknown;

const sources: Readonly<Record<string, Source>> = {
  "as it is": (text) => text,
  promised: (text) => Promise.resolve(text),
  "promised for later": async (text) => {
    await new Promise(setImmediate);
    return text;
  },
  "promised by a promise": (text) => Promise.resolve(thenable((resolve) => resolve(text))),
  "by something that can be awaited": (text) => thenable((resolve) => resolve(text)),
  "by something that settles again and again": (text) =>
    thenable((resolve, reject) => {
      resolve(text);
      resolve(`${canary}\r\nsecond`);
      reject(new Error(canary));
      throw new Error(canary);
    }),
  "by a class of promises": (text) => Later.resolve(text),
};

class Later extends Promise<unknown> {}

const given: fc.Arbitrary<Specimen<string>> = fc
  .tuple(bodyText, fc.constantFrom(...Object.entries(sources)))
  .map(([text, [how, source]]) => {
    const what = `${shown(text)} ${how}`;
    return isWellFormed(text) ? accepted(what, () => source(text), text) : refused(what, () => source(text));
  });

const failing: Readonly<Record<string, () => unknown>> = {
  "a promise that is rejected": () => Promise.reject(new Error(canary)),
  "a promise that is rejected without a reason": () => Promise.reject(),
  "a promise that is rejected with a text": () => Promise.reject(canary),
  "a promise that is rejected later": async () => {
    await new Promise(setImmediate);
    throw new TypeError(canary);
  },
  "a promise that is rejected with what throws when it is looked at": () => Promise.reject(throwingProxy("get")),
  "a promise of something else": () => Promise.resolve({ toString: () => canary }),
  "a promise of bytes": () => Promise.resolve(Buffer.from(canary)),
  "something that throws when it is awaited": () => thenable(boom),
  "something whose then throws": () => withThen({ get: boom }),
  "something whose then is none": () => withThen({ value: canary }),
  "a list": () => [canary],
  "a Blob": () => new Blob([canary]),
};

const endless: Readonly<Record<string, () => unknown>> = {
  "a promise that never settles": () => new Promise(() => {}),
  "something that is awaited in vain": () => thenable(() => {}),
  "a promise of something that is awaited in vain": async () => thenable(() => {}),
};

/** A text or an html part. */
export const body: fc.Arbitrary<Specimen<string>> = fc.oneof(
  { weight: 24, arbitrary: given },
  { weight: 4, arbitrary: fc.constantFrom(...Object.entries(failing)).map(([what, make]) => refused(what, make)) },
  { weight: 2, arbitrary: noText },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...Object.entries(endless)).map(([what, make]) =>
      refused(what, (watch) => {
        watch.endless = true;
        return make();
      }),
    ),
  },
);
