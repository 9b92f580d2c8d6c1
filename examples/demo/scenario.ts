import type { Fault, Simulator } from "steadymail/testing";

export type Name = "ses" | "sendgrid" | "mailgun" | "mailjet";
export type Simulators = Readonly<Record<Name, Simulator>>;

/** Something that happens to a provider. */
export interface Incident {
  /** Milliseconds from the start. */
  readonly at: number;
  readonly providers: readonly Name[];
  /** What breaks; undefined: it is mended. */
  readonly fault: Fault | undefined;
  readonly headline: string;
}

const all: readonly Name[] = ["ses", "sendgrid", "mailgun", "mailjet"];

export const incidents: readonly Incident[] = [
  { at: 2_000, providers: ["ses"], fault: { kind: "refuse" }, headline: "SES refuses connections" },
  { at: 5_000, providers: ["ses"], fault: undefined, headline: "SES is mended" },
  {
    at: 6_000,
    providers: ["sendgrid"],
    fault: { kind: "throttle", retryAfter: 2_000 },
    headline: "SendGrid throttles",
  },
  { at: 7_000, providers: ["sendgrid"], fault: undefined, headline: "SendGrid stops throttling" },
  {
    at: 9_000,
    providers: ["ses"],
    fault: { kind: "accept-then-reset" },
    headline: "SES accepts, then loses its answers",
  },
  { at: 9_800, providers: ["sendgrid"], fault: { kind: "unauthorized" }, headline: "SendGrid's API key is revoked" },
  { at: 12_000, providers: ["mailgun"], fault: { kind: "status", status: 502 }, headline: "Mailgun answers 502" },
  { at: 14_000, providers: ["ses", "sendgrid"], fault: undefined, headline: "SES and SendGrid are mended" },
  { at: 16_000, providers: ["mailgun"], fault: undefined, headline: "Mailgun is mended" },
  { at: 17_500, providers: all, fault: { kind: "refuse" }, headline: "All four refuse connections" },
  { at: 19_000, providers: all, fault: undefined, headline: "All four are mended" },
];

/** When the last message is sent, ms from the start. */
export const lastMessageAt = 23_000;
