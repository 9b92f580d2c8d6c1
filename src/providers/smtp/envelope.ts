import type { PreparedMessage } from "../../message/message.ts";
import { needsSmtpUtf8 } from "../capability.ts";

/** Who sends to whom, as the dialogue says it (RFC 5321 §2.3.1). */
export interface Envelope {
  readonly from: string;
  /** Each once. */
  readonly to: readonly string[];
  /** Letters outside ASCII before an @, which the server must offer SMTPUTF8 for (RFC 6531). */
  readonly needsUtf8: boolean;
}

export function envelopeOf({ from, to, cc, bcc }: PreparedMessage): Envelope {
  const recipients = [...to, ...cc, ...bcc];
  return {
    from: from.address,
    to: [...new Set(recipients.map(({ address }) => address))],
    needsUtf8: [from, ...recipients].some(needsSmtpUtf8),
  };
}
