import { type Fault, type Simulator, startSimulator } from "steadymail/testing";

/** Four ESPs that are none. The last two take a thousand mails a request, and their time for it. */
export async function startEsps() {
  const esps = {
    ses: await startSimulator("ses", { latency: 140 }),
    mailjet: await startSimulator("mailjet", { latency: 180 }),
    sendgrid: await startSimulator("sendgrid", { latency: 900 }),
    mailgun: await startSimulator("mailgun", { latency: 1_100 }),
  };
  const all = Object.values<Simulator>(esps);
  return {
    ...esps,
    /** The addresses of all mails that they accepted. */
    inboxes: () => all.flatMap(({ inbox }) => inbox.map(({ to }) => to[0]?.address)),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(all.map((each) => each.close()));
    },
  };
}

export type Esps = Awaited<ReturnType<typeof startEsps>>;

/** Something that goes wrong on the way. */
interface Breakdown {
  /** Share of the campaign that is done when it begins. */
  readonly at: number;
  readonly headline: string;
  readonly esps: readonly Simulator[];
  readonly fault: Fault;
  /** Milliseconds. */
  readonly duration: number;
}
function breakdownsOf({ ses, mailjet, sendgrid, mailgun }: Esps): Breakdown[] {
  return [
    {
      at: 0.2,
      headline: "SES and Mailjet answer 503",
      esps: [ses, mailjet],
      fault: { kind: "status", status: 503, headers: { "retry-after": "1" } },
      duration: 4_000,
    },
    {
      at: 0.65,
      headline: "all four cut their connections and refuse new ones",
      esps: [ses, mailjet, sendgrid, mailgun],
      fault: { kind: "refuse" },
      duration: 5_000,
    },
  ];
}

/** Breaks them one after the other, as the campaign gets on; each call looks whether it is time for the next. */
export function breaker(esps: Esps, tell: (headline: string) => void): (done: number) => void {
  const ahead = breakdownsOf(esps);
  let calmFrom = 0;
  return (done) => {
    const [next] = ahead;
    if (!next || next.at > done || performance.now() < calmFrom) return;
    ahead.shift();
    calmFrom = performance.now() + next.duration + timeToRecover;
    tell(`▶ ${next.headline} for ${next.duration / 1_000} s`);
    for (const esp of next.esps) void esp.fault(next.fault, { for: next.duration });
  };
}

const timeToRecover = 2_000;
