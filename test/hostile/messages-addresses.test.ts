import { useEsps } from "../contract/support/esps.ts";
import { candidatesOf } from "./message-support/candidates.ts";
import { Desk } from "./message-support/desk.ts";
import { judgeFamily } from "./message-support/family.ts";
import { mailbox, mailboxes, recipients } from "./message-support/mailboxes.ts";

const parts = { from: mailbox, to: recipients, cc: mailboxes, bcc: mailboxes, replyTo: mailboxes };

judgeFamily("addresses", new Desk(await useEsps()), candidatesOf(parts));
