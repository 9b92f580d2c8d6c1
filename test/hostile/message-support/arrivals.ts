import type { Address } from "../../../src/index.ts";
import type { EspName, ReceivedAttachment } from "../../../src/testing/index.ts";
import type { Arrival } from "../../contract/support/features.ts";
import type { Letter } from "./letter.ts";

/** The letter as the inbox of an ESP must show it, with what that ESP does in a way of its own. */
export function arrivalAt(esp: EspName, letter: Letter): Arrival {
  const { text, html, template, tracking, sendAt, providerOptions: _, ...rest } = letter;
  const id = template?.ids[esp];
  const common: Arrival = {
    ...rest,
    ...(text === undefined ? {} : { text }),
    ...(html === undefined ? {} : { html }),
    ...(template === undefined || id === undefined ? {} : { template: { id, variables: template.variables } }),
    ...(sendAt === undefined ? {} : { sendAt }),
    tracking,
  };
  return inOneOrder(ownWay[esp](common));
}

/** Headers are a set, apart from which the order of everything counts. */
export function inOneOrder(arrival: Arrival): Arrival {
  return { ...arrival, headers: arrival.headers.toSorted(([one], [other]) => (one < other ? -1 : 1)) };
}

const ownWay: Readonly<Record<EspName, (arrival: Arrival) => Arrival>> = {
  /** Tracking is no part of the request; a datum that is its own name is a tag. */
  ses({ tracking: _, ...arrival }) {
    const data = Object.entries(arrival.metadata);
    return {
      ...arrival,
      tags: [...arrival.tags, ...data.flatMap(([name, value]) => (name === value ? [name] : []))],
      metadata: Object.fromEntries(data.filter(([name, value]) => name !== value)),
    };
  },
  /** An empty part is left out, and so is a recipient who is named already. */
  sendgrid({ text, html, ...arrival }) {
    const named = new Set<string>();
    const once = ({ address }: Address) => named.size < named.add(address.toLowerCase()).size;
    const [to, cc, bcc] = [arrival.to.filter(once), arrival.cc.filter(once), arrival.bcc.filter(once)];
    named.clear();
    return {
      ...arrival,
      ...(text ? { text } : {}),
      ...(html ? { html } : {}),
      to,
      cc,
      bcc,
      replyTo: arrival.replyTo.filter(once),
    };
  },
  /**
   * Two lists of files. In a form, types are in small letters, quotes in a file's name are written as %22, and an inline
   * file has its Content-ID as name.
   */
  mailgun(arrival) {
    const files = arrival.attachments.map(({ filename, contentType, contentId, content }) => ({
      filename: contentId ?? readFromForm(filename),
      contentType: contentType.toLowerCase(),
      ...(contentId === undefined ? {} : { contentId }),
      content,
    }));
    return { ...arrival, attachments: inTwoLists(files) };
  },
  mailjet(arrival) {
    return { ...arrival, attachments: inTwoLists(arrival.attachments) };
  },
};

function inTwoLists(files: readonly ReceivedAttachment[]): readonly ReceivedAttachment[] {
  const ordinary = files.filter(({ contentId }) => contentId === undefined);
  return [...ordinary, ...files.filter(({ contentId }) => contentId !== undefined)];
}

/** What a browser writes in place of a quote cannot be told from the same written by a person. */
function readFromForm(name: string): string {
  return name.replaceAll("%22", '"');
}
