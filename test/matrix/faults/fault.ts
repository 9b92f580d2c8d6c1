import type { EspName, Fault } from "../../../src/testing/index.ts";
import type { JudgedReason } from "../../contract/support/verdicts.ts";
import type { Scheme } from "../../wire/raw-server.ts";
import type { GateFault } from "../support/gate.ts";

export type ConnectionUse = "first request" | "reused connection";

/** Something that goes wrong at an ESP or on the way to it, and all that must follow. */
export interface MatrixFault extends Verdict {
  readonly what: string;
  /** At the simulated ESP itself, or at the gate before one that is well. */
  readonly how: { readonly simulator: Fault } | GateFault;
  /** Where an ESP's words or the shape of its receipt make a difference. */
  readonly at?: Partial<Record<EspName, Partial<Verdict>>>;
  /** Where it can happen only so. */
  readonly over?: Scheme;
  readonly on?: ConnectionUse;
}

export interface Verdict {
  /** `by phase`: whether the client has begun its request when it hears of the fault is left to the system. */
  readonly reason: JudgedReason | "accepted" | "by phase";
  readonly code?: string | RegExp;
  readonly status?: number | "of the receipt";
  readonly retryAfter?: number;
  /** Requests that the ESP sees at least the head of; 1. */
  readonly requests?: 0;
  /** Whether the ESP takes the message nevertheless; by default it does not. */
  readonly delivered?: boolean;
  /** Connections that are made for this request; by default one, or none where there is one to use again. */
  readonly connects?: 0 | 1;
  /** What becomes of the connection; `closed`: at once, before the mailer is closed. */
  readonly connection: "kept" | "closed";
  /** How far it comes where only the time limit can end it. */
  readonly stalls?: Stall;
}

export type Stall = "in the handshake" | "before the answer" | "after the head";

/** Verdicts that many faults share. */
export const lost = { reason: "response-lost", code: "ECONNRESET", delivered: true, connection: "closed" } as const;
export const late = { reason: "timeout", code: "ETIMEDOUT", delivered: true, connection: "closed" } as const;
export const notHttp = { reason: "bad-response", code: /^HPE_/, delivered: true, connection: "closed" } as const;
export const noReceipt = {
  reason: "bad-response",
  status: "of the receipt",
  delivered: true,
  connection: "kept",
} as const;
export const accepted = { reason: "accepted", delivered: true, connection: "kept" } as const;
