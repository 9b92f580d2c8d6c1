import type fc from "fast-check";
import { accepted, anyRefused, refused, type Specimen } from "./specimen.ts";
import { canary, shown } from "./texts.ts";

/** Texts where a text is asked for; which of them are valid is the field's business. */
export function textsOf(
  texts: fc.Arbitrary<string>,
  isValid: (text: string) => boolean,
): fc.Arbitrary<Specimen<string>> {
  return texts.map((text) =>
    isValid(text) ? accepted(shown(text), () => text, text) : refused(shown(text), () => text),
  );
}

/** What is no text, wherever there should be one. */
export const noText: fc.Arbitrary<Specimen<never>> = anyRefused("no text", [
  () => null,
  () => 5,
  () => 5n,
  () => true,
  () => Symbol(canary),
  () => [canary],
  () => new String(canary),
  () => Buffer.from(canary),
  () => ({ toString: () => canary }),
  () => () => canary,
]);
