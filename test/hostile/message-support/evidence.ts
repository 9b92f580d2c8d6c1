import { inspect } from "node:util";
import { canary } from "./texts.ts";

/** What a program could print of what it was told: whether it shows anything of the message. */
export function leaks(evidence: unknown): boolean {
  const everything = {
    depth: Number.POSITIVE_INFINITY,
    showHidden: true,
    getters: true,
    maxStringLength: null,
  } as const;
  return [inspect(evidence, { ...everything, maxArrayLength: null }), String(evidence), JSON.stringify(evidence)].some(
    (text) => text?.includes(canary),
  );
}

/** What can stand in a line of a log. */
export function isPlainWords(text: string): boolean {
  return /^[^\p{Cc}\p{Cf}\p{Cs}]{1,500}$/u.test(text);
}

/** A path may have names of properties in it, but none that could break a line or hide in it. */
export function isPath(path: string): boolean {
  return /^[\w$.[\]-]{1,400}$/.test(path);
}
