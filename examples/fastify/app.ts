import Fastify, { type FastifyInstance, type FastifyReply, type FastifyServerOptions } from "fastify";
import { isSteadyMailError, type Mailer, type Message, type Problem } from "steadymail";
import { type Answer, answerOnHealth, answerTo } from "./answers.ts";

/** What a client may say of a mail. Who sends it is for the server to know. */
const mail = {
  type: "object",
  required: ["to", "subject"],
  anyOf: [{ required: ["text"] }, { required: ["html"] }],
  additionalProperties: false,
  properties: {
    to: { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" }, minItems: 1, maxItems: 50 }] },
    subject: { type: "string" },
    text: { type: "string" },
    html: { type: "string" },
  },
} as const;

type Mail = Pick<Message, "to" | "subject"> & { readonly text?: string; readonly html?: string };

/**
 * An HTTP API on a mailer: `POST /send` and `GET /health`. Closing it loses nothing: requests under way are answered, and
 * then the mailer is closed.
 */
export function buildApp(mailer: Mailer, options: FastifyServerOptions = {}): FastifyInstance {
  const app = Fastify({
    ...options,
    // What a client wrote is refused rather than changed.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
  });

  app.post<{ Body: Mail }>("/send", { schema: { body: mail } }, async ({ body, log }, reply) => {
    try {
      // Not bound to the connection: a client that hangs up does not take back what it asked for.
      const { id, provider, duplicate } = await mailer.send(body);
      return await give(reply, { status: 202, body: { id, outcome: "accepted", provider, duplicate } });
    } catch (error) {
      if (!isSteadyMailError(error)) throw error;
      const { id, attempts } = error;
      if (error.sent === "maybe") log.error({ id, attempts }, "a mail may have been sent: look it up at the providers");
      return give(reply, answerTo(error));
    }
  });

  app.get("/health", (_, reply) => give(reply, answerOnHealth(mailer.health())));

  app.setErrorHandler<Error & { validation?: readonly SchemaFault[] }>((error, _, reply) => {
    if (!error.validation) return reply.send(error);
    const problems = error.validation.map(problemOf);
    return give(reply, { status: 400, body: { outcome: "not-sent", error: "invalid", problems } });
  });

  let closing = false;
  app.addHook("preClose", async () => {
    closing = true;
  });
  // Else a client could keep its connection, and the server open, for as long as it sends something now and then.
  app.addHook("onSend", async (_, reply) => {
    if (closing) reply.header("connection", "close");
  });
  app.addHook("onClose", () => mailer.close());
  return app;
}

function give(reply: FastifyReply, { status, headers = {}, body }: Answer): FastifyReply {
  return reply.code(status).headers(headers).send(body);
}

interface SchemaFault {
  readonly instancePath: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** In the form that the mailer has for its own. */
function problemOf({ instancePath, message = "is invalid", params }: SchemaFault): Problem {
  const within = instancePath.slice(1).replace(/\/(\d+)/g, "[$1]");
  const { additionalProperty, missingProperty } = params;
  return { path: String(missingProperty ?? additionalProperty ?? within), message };
}
