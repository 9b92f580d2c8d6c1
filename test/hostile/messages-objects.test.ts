import fc from "fast-check";
import { expect, it } from "vitest";
import { useEsps } from "../contract/support/esps.ts";
import { candidatesOf } from "./message-support/candidates.ts";
import { Desk } from "./message-support/desk.ts";
import { judgeFamily, shares } from "./message-support/family.ts";
import { headers, subject } from "./message-support/header-fields.ts";
import { junk } from "./message-support/junk.ts";
import type { Candidate } from "./message-support/letter.ts";
import { mailbox, mailboxes } from "./message-support/mailboxes.ts";
import { metadata } from "./message-support/metadata.ts";
import { objects, oneOf } from "./message-support/presentations.ts";
import { tracking } from "./message-support/settings.ts";
import { tags } from "./message-support/tags.ts";
import { wholeMessages } from "./message-support/whole-messages.ts";

const withJunk: fc.Arbitrary<Candidate> = fc
  .tuple(junk, oneOf(objects))
  .map(([parts, [how, present]]) =>
    Object.assign({ parts, present }, { [fc.toStringMethod]: () => `${fc.stringify(parts)} ${how}` }),
  );

const withDefaults: fc.Arbitrary<Candidate> = fc
  .tuple(
    candidatesOf({ headers, metadata, subject, replyTo: mailboxes }, 1),
    candidatesOf({ headers, metadata, from: mailbox, cc: mailboxes, replyTo: mailboxes, tags, tracking }, 1),
  )
  .map(([own, defaults]) =>
    Object.assign(
      { ...own, defaults },
      { [fc.toStringMethod]: () => `${fc.stringify(own)} over ${fc.stringify(defaults)}` },
    ),
  );

const candidates = fc.oneof(
  { weight: 3, arbitrary: withJunk },
  { weight: 8, arbitrary: withDefaults },
  { weight: 1, arbitrary: wholeMessages },
);

it("all families together are 10,000 messages", () => {
  expect(Object.values(shares).reduce((sum, share) => sum + share, 0)).toBe(10_000);
});

judgeFamily("objects", new Desk(await useEsps()), candidates);
