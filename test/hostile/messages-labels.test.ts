import { useEsps } from "../contract/support/esps.ts";
import { candidatesOf } from "./message-support/candidates.ts";
import { Desk } from "./message-support/desk.ts";
import { judgeFamily } from "./message-support/family.ts";
import { metadata } from "./message-support/metadata.ts";
import { providerOptions } from "./message-support/provider-options.ts";
import { sendAt, tracking } from "./message-support/settings.ts";
import { tags } from "./message-support/tags.ts";
import { template } from "./message-support/templates.ts";

const parts = { tags, metadata, template, tracking, sendAt, providerOptions };

judgeFamily("labels", new Desk(await useEsps()), candidatesOf(parts));
