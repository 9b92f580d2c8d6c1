import type { Receipt } from "../../../src/index.ts";

/** What a caller was told of one mail. */
export interface Report {
  readonly outcome: "accepted" | "not-sent" | "unknown";
  readonly receipt?: Receipt;
  readonly kind?: string;
}

/** One mail to be sent: what providers have of it, and what was told of it. */
export interface MailRecord {
  readonly key: string;
  readonly stored: { readonly provider: string; readonly id: string }[];
  readonly reports: Report[];
}

/** Ground truth and claims, mail by mail, and what was seen to be wrong on the way. */
export class Ledger {
  readonly mails = new Map<string, MailRecord>();
  readonly violations: string[] = [];
  readonly trace: string[] = [];

  mail(key: string): MailRecord {
    const known = this.mails.get(key);
    if (known) return known;
    const record = { key, stored: [], reports: [] };
    this.mails.set(key, record);
    return record;
  }

  violated(at: number, what: string): void {
    this.violations.push(`at ${at} ms: ${what}`);
    this.note(at, `VIOLATED: ${what}`);
  }

  note(at: number, what: string): void {
    this.trace.push(`${String(at).padStart(8)} ${what}`);
  }
}
