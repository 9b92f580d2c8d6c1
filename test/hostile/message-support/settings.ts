import fc from "fast-check";
import { objects, oneOf, throwingAt } from "./presentations.ts";
import { accepted, anyRefused, gathered, refused, Specimen } from "./specimen.ts";
import { canary } from "./texts.ts";

const flag: fc.Arbitrary<Specimen<boolean>> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(true, false).map((on) => accepted(String(on), () => on, on)) },
  { weight: 2, arbitrary: fc.constant(accepted("undefined", () => undefined, false)) },
  anyRefused("no boolean", [() => null, () => 1, () => canary, () => new Boolean(false), () => () => true]),
);

export const tracking: fc.Arbitrary<Specimen<{ readonly opens: boolean; readonly clicks: boolean }>> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.tuple(flag, flag, oneOf(objects)).map(([opens, clicks, [how, present]]) => {
      const make: Specimen["make"] = (watch) =>
        present({ opens: opens.make(watch), clicks: clicks.make(watch) }, watch);
      const what = `{ opens: ${opens.what}, clicks: ${clicks.what} } ${how}`;
      const verdict = gathered([
        [".opens", opens],
        [".clicks", clicks],
      ]);
      return new Specimen(what, make, verdict).map(([o = false, c = false]) => ({ opens: o, clicks: c }));
    }),
  },
  fc.constantFrom(
    refused("a field that is not known", () => ({ opens: true, open: true }), ".open"),
    refused("a getter that throws", () => throwingAt({ clicks: true }, "clicks"), ".clicks"),
  ),
  anyRefused("no object", [() => true, () => null, () => [true], () => canary]),
);

const minute = 60_000;
const hour = 60 * minute;

class Moment extends Date {}

const kindsOfDate: Readonly<Record<string, (time: number) => Date>> = {
  "as a Date": (time) => new Date(time),
  "as an instance of a class of dates": (time) => new Moment(time),
  "as a Date that lies": (time) => Object.assign(new Date(time), { getTime: () => 0, valueOf: () => canary }),
  "as a frozen Date": (time) => Object.freeze(new Date(time)),
};

/** From now, in milliseconds. What is past is to be sent at once. */
const delays: readonly number[] = [-(10 ** 9), -hour, -minute, 10 * minute, 24 * hour, 71 * hour, 80 * hour, 10 ** 12];

export const sendAt: fc.Arbitrary<Specimen<Date | undefined>> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.constantFrom(...delays), fc.constantFrom(...Object.entries(kindsOfDate)))
      .map(([delay, [how, kind]]) => {
        const time = Date.now() + delay;
        const wholeSecond = new Date(Math.ceil(time / 1_000) * 1_000);
        return accepted(`${delay} ms from now ${how}`, () => kind(time), delay > 0 ? wholeSecond : undefined);
      }),
  },
  fc.constantFrom(
    accepted("the earliest Date", () => new Date(-8.64e15), undefined),
    accepted("the latest Date", () => new Date(8.64e15), new Date(8.64e15)),
  ),
  anyRefused("no date", [
    () => new Date(Number.NaN),
    () => Date.now(),
    () => "2038-01-01T00:00:00Z",
    () => Object.create(Date.prototype),
    () => new Proxy(new Date(), {}),
    () => null,
    () => Promise.resolve(new Date()),
    () => 5n,
  ]),
);
