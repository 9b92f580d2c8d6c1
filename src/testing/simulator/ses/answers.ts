import { randomUUID } from "node:crypto";
import { type Answer, json } from "../esp.ts";

export function success(body: object): Answer {
  return json(200, body, { "x-amzn-requestid": randomUUID() });
}

/** An error of the REST-JSON protocol: its type is in a header. */
export function failure(status: number, type: string, message: string): Answer {
  return json(status, { message }, { "x-amzn-requestid": randomUUID(), "x-amzn-errortype": type });
}

export function badRequest(message: string): Answer {
  return failure(400, "BadRequestException", message);
}
