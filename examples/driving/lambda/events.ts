import { randomUUID } from "node:crypto";
import type { SQSEvent, SQSRecord } from "aws-lambda";

/** An event of SQS with these bodies, each a record of its own. */
export function eventOf(bodies: readonly unknown[]): SQSEvent {
  return { Records: bodies.map((body) => recordOf(typeof body === "string" ? body : JSON.stringify(body))) };
}

function recordOf(body: string): SQSRecord {
  return {
    messageId: randomUUID(),
    receiptHandle: "",
    body,
    attributes: {
      ApproximateReceiveCount: "1",
      SentTimestamp: String(Date.now()),
      SenderId: "",
      ApproximateFirstReceiveTimestamp: String(Date.now()),
    },
    messageAttributes: {},
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:eu-west-1:000000000000:mails",
    awsRegion: "eu-west-1",
  };
}
