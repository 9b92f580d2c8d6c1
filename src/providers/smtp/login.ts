import { failure, ProviderError } from "../../failure.ts";
import { nameOf } from "../../printable.ts";
import type { SmtpLogin } from "./options.ts";

export async function tokenOf(accessToken: () => string | Promise<string>): Promise<string> {
  let token: unknown;
  try {
    token = await accessToken();
  } catch (error) {
    throw noToken(`threw ${nameOf(error)}`);
  }
  if (typeof token !== "string" || !/^[!-~]+$/.test(token)) throw noToken("gave no token");
  return token;
}

function noToken(what: string): ProviderError {
  return new ProviderError(failure("authentication", { detail: `auth.accessToken ${what}` }));
}

/** https://developers.google.com/workspace/gmail/imap/xoauth2-protocol */
export function xoauth2(user: string, token: string): string {
  return Buffer.from(`user=${user}\u0001auth=Bearer ${token}\u0001\u0001`).toString("base64");
}

interface AuthDialogue {
  sendCommand(command: string): Promise<{ readonly status: number }>;
}

export function authHandlers(initialResponse: string | undefined) {
  if (initialResponse === undefined) return {};
  const handler = async ({ sendCommand }: AuthDialogue) => {
    const { status } = await sendCommand(`AUTH XOAUTH2 ${initialResponse}`);
    // The error is in a challenge, which is to be answered by nothing.
    const last = status === 334 ? (await sendCommand("")).status : status;
    if (last !== 235) throw new Error("the login was refused");
  };
  return { customAuth: { [tokenMethod]: handler } };
}

export function authOf(login: SmtpLogin) {
  return "pass" in login ? { user: login.user, pass: login.pass } : { user: login.user, method: tokenMethod };
}

/** A name of our own: under its real one, the connection would prefer a password. */
const tokenMethod = "XOAUTH2-TOKEN";
