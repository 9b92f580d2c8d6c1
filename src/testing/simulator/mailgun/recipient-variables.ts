import { isObject, parseJson, stringAt } from "../json-value.ts";
import { parseMailboxes } from "../mailbox.ts";
import { Form } from "./form.ts";

/** What stays as it is of a form when it is filled for one recipient. */
const unfilled = new Set(["from", "to", "recipient-variables"]);

const notation = /%recipient(?:\.([\w:-]+)|_(email|name))?%/gu;

/**
 * The form as it is for each recipient by itself, where it has recipient variables; else as it came. Filled in are
 * subject, bodies, headers and options, in one pass; what names no variable stays.
 */
export function formsByRecipient(form: Form): readonly Form[] {
  const given = form.text("recipient-variables");
  if (given === undefined) return [form];
  const variables = parseJson(given);
  const recipients = form.texts("to").flatMap(separate);
  return recipients.map(({ text, name, address }) => {
    const own = isObject(variables) && Object.hasOwn(variables, address) ? variables[address] : undefined;
    const fill = (value: string) =>
      value.replace(notation, (whole, variable: string | undefined, part: string | undefined) => {
        if (part !== undefined) return part === "email" ? address : name;
        return variable === undefined ? text : (variableIn(own, variable) ?? whole);
      });
    const fields = form.fields
      .filter(([field]) => field !== "to")
      .map(([field, value]) => [field, unfilled.has(field) ? value : fill(value)] as const);
    return new Form([...fields, ["to", text]], form.files);
  });
}

function variableIn(variables: unknown, name: string): string | undefined {
  const found = isObject(variables) && Object.hasOwn(variables, name) ? variables[name] : undefined;
  return typeof found === "number" ? String(found) : stringAt(variables, name);
}

/** Each mailbox of a list as it is written. */
function separate(list: string) {
  return splitList(list).flatMap((text) => {
    const [mailbox] = parseMailboxes(text) ?? [];
    return mailbox ? [{ text, name: mailbox.name ?? "", address: mailbox.address }] : [];
  });
}

/**
 * At the commas that stand outside of quoted strings (RFC 5322, section 3.2.4) and of brackets: the parser of mailboxes
 * takes its time for long lists. What has quotes or brackets without their counterpart stays in one piece.
 */
export function splitList(list: string): readonly string[] {
  const parts = list.match(/(?:"(?:[^"\\]|\\.)*"|<[^>]*>|[^,"<])+/gsu) ?? [];
  return parts.join(",") === list ? parts.map((text) => text.trim()) : [list];
}
