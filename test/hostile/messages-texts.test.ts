import { useEsps } from "../contract/support/esps.ts";
import { body } from "./message-support/bodies.ts";
import { candidatesOf } from "./message-support/candidates.ts";
import { Desk } from "./message-support/desk.ts";
import { judgeFamily } from "./message-support/family.ts";
import { headers, subject } from "./message-support/header-fields.ts";

judgeFamily("texts", new Desk(await useEsps()), candidatesOf({ subject, headers, text: body, html: body }));
