import "reflect-metadata";
import { Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { sendgrid } from "steadymail/sendgrid";
import { ses } from "steadymail/ses";
import { MailModule } from "./mail.module";
import { OrdersService } from "./orders.service";

const { SENDGRID_API_KEY, SENDGRID_BASE_URL, MAIL_FROM } = process.env;

@Module({
  imports: [
    MailModule.forRoot({
      providers: [ses(), sendgrid({ apiKey: SENDGRID_API_KEY, baseUrl: SENDGRID_BASE_URL })],
      defaults: { from: MAIL_FROM },
    }),
  ],
  providers: [OrdersService],
})
class AppModule {}

/** Confirms the orders that are given as `number=address`, and ends. */
async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule);
  app.enableShutdownHooks(); // so that SIGTERM, too, ends in onApplicationShutdown
  const orders = app.get(OrdersService);
  await Promise.all(
    process.argv.slice(2).map((order) => {
      const [number = "", customer = ""] = order.split("=");
      return orders.confirm(number, customer);
    }),
  );
  await app.close();
}

void main();
