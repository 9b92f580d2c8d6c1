import { type DynamicModule, Inject, Logger, Module, type OnApplicationShutdown } from "@nestjs/common";
import { createMailer, type Mailer, type MailerOptions } from "steadymail";
import { MAILER, MailService } from "./mail.service";

/** One mailer for the whole application, behind {@link MailService}. */
@Module({})
export class MailModule implements OnApplicationShutdown {
  static forRoot<const N extends string>(options: MailerOptions<N>): DynamicModule {
    return {
      module: MailModule,
      global: true,
      providers: [{ provide: MAILER, useFactory: () => createMailer(options) }, MailService],
      exports: [MailService],
    };
  }

  constructor(@Inject(MAILER) private readonly mailer: Mailer) {}

  /** Nest has closed its HTTP server by then, so that nobody wants to send any more. */
  async onApplicationShutdown(): Promise<void> {
    await this.mailer.close();
    new Logger(MailModule.name).log("closed: what was under way has been sent");
  }
}
