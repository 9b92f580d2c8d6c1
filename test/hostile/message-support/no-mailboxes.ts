import fc from "fast-check";
import { throwingAt } from "./presentations.ts";
import { revokedProxy } from "./rogues.ts";
import { anyRefused, refused, type Specimen } from "./specimen.ts";
import { canary } from "./texts.ts";

/** What is no single mailbox that mail can go to. */
const noMailboxes: readonly unknown[] = [
  canary,
  "",
  "   ",
  "@",
  `${canary}@`,
  `@${canary}.example`,
  `${canary}@localhost`,
  `${canary}@[127.0.0.1]`,
  `${canary}@127.0.0.1`,
  `${canary}@example.123`,
  `${canary}@a@example.org`,
  `${canary}@exa mple.org`,
  `${canary}@example..org`,
  `${canary}@.example.org`,
  `${canary}@-example.org`,
  `${canary}@exam%70le.org`,
  `${canary}@example.org/x`,
  `${canary}@example.org?x`,
  `${canary}@example.org#x`,
  `${canary}@exam_ple.org`,
  `${canary}@${"x".repeat(64)}.org`,
  `${canary}@${"x.".repeat(126)}example`,
  `${canary}@xn--a.example`,
  `.${canary}@example.org`,
  `${canary}.@example.org`,
  `${canary}..x@example.org`,
  `${canary}${"x".repeat(60)}@example.org`,
  `${canary}@example.org, eve@example.net`,
  `${canary}@example.org;eve@example.net`,
  `${canary}@example.org eve@example.net`,
  `<${canary}@example.org> eve@example.net`,
  `<${canary}@example.org><eve@example.net>`,
  `${canary}: ada@example.org, eve@example.net;`,
  `${canary}, ada <ada@example.org>`,
  `${canary}@example.org\r\nBcc: eve@example.net`,
  `${canary}@example.org\0`,
  `"${canary}\n"@example.org`,
  `${canary}\ud800@example.org`,
  `${canary}${"(".repeat(500)}@example.org`,
  `${canary}@example.org${" ".repeat(65_536)}`,
  { address: `Ada <${canary}@example.org>` },
  { address: `<${canary}@example.org>` },
  { name: "Ada", address: `${canary}@example.org, eve@example.net` },
  { name: canary },
  { address: canary },
  { address: [`${canary}@example.org`] },
  { name: 5, address: `${canary}@example.org` },
  { name: null, address: `${canary}@example.org` },
  { name: "Ada", address: `${canary}@example.org`, email: "eve@example.net" },
  { name: "Ada", address: `${canary}@example.org`, toString: "eve@example.net" },
  JSON.parse(`{"address":"${canary}@example.org","__proto__":{"name":"Eve"}}`),
  { 0: `${canary}@example.org`, length: 1 },
  new Map([["address", `${canary}@example.org`]]),
  Object.assign(() => canary, { address: `${canary}@example.org` }),
  new String(`${canary}@example.org`),
  Buffer.from(`${canary}@example.org`),
  null,
  5,
  5n,
  true,
  Symbol(canary),
  Number.NaN,
  new Date(0),
];

export const noMailbox: fc.Arbitrary<Specimen<never>> = fc.oneof(
  {
    weight: 6,
    arbitrary: anyRefused(
      "what is no mailbox",
      noMailboxes.map((value) => () => value),
    ),
  },
  fc
    .constantFrom("name", "address")
    .map((key) =>
      refused(`a mailbox whose ${key} throws`, () => throwingAt({ name: "Ada", address: "ada@example.org" }, key)),
    ),
  fc.constant(refused("a revoked proxy", () => revokedProxy())),
);
