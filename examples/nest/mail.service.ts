import { Inject, Injectable, Logger, type OnModuleInit } from "@nestjs/common";
import type { Mailer, Message, ProviderHealth, Receipt, SendOptions } from "steadymail";

/** What the mailer is injected by. */
export const MAILER = Symbol("MAILER");

/** The mail of the application. In a test, another one takes its place: `overrideProvider(MAILER)`. */
@Injectable()
export class MailService implements OnModuleInit {
  private readonly logger = new Logger(MailService.name);

  constructor(@Inject(MAILER) private readonly mailer: Mailer) {}

  onModuleInit(): void {
    this.mailer.on("provider:changed", ({ provider, from, to, reason, severity }) => {
      const level = severity === "info" ? "log" : severity === "warning" ? "warn" : "error";
      this.logger[level](`${provider}: ${from} → ${to} (${reason})`);
    });
    this.mailer.on("provider:down", () => {}); // logged above already, which the warning of the process does not know
  }

  /** @throws SteadyMailError (a rejection) when no provider took it */
  send(message: Message, options?: SendOptions): Promise<Receipt> {
    return this.mailer.send(message, options);
  }

  /** For a health check of Terminus, say. */
  health(): readonly ProviderHealth[] {
    return this.mailer.health();
  }
}
