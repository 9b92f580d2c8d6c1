/** No ESP means more than this; a wrong clock or a wrong unit may say more. */
const longestWait = 24 * 60 * 60 * 1_000;

/** A date as HTTP (RFC 9110 §5.6.7) and mail (RFC 5322 §3.3) write it: with the month's name and a time of day. */
const dateShape = /\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b.*\d\d:\d\d/i;

/** Longer than any date, and short for a pattern that may go over it as often as it has characters. */
const longestDate = 100;

/**
 * The wait that a `Retry-After` header asks for, in milliseconds: seconds, or an HTTP date (RFC 9110 §10.2.3).
 * Never negative, at most a day; `undefined` where the value says nothing.
 */
export function parseRetryAfter(value: string | undefined): number | undefined {
  const text = value?.trim() ?? "";
  if (/^\d+(?:\.\d+)?$/.test(text)) return waitOf(Number(text) * 1_000);
  return waitUntilDate(text);
}

/** The wait until a date that is written out, in milliseconds. */
export function waitUntilDate(text: string): number | undefined {
  return text.length <= longestDate && dateShape.test(text) ? waitUntil(Date.parse(text)) : undefined;
}

/** The wait until a moment, in milliseconds since the epoch. */
export function waitUntil(moment: number): number | undefined {
  return waitOf(moment - Date.now());
}

export function waitOf(milliseconds: number): number | undefined {
  if (Number.isNaN(milliseconds)) return undefined;
  return Math.round(Math.min(Math.max(milliseconds, 0), longestWait));
}
