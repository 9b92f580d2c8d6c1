import { Injectable, Logger } from "@nestjs/common";
import { isSteadyMailError } from "steadymail";
import { MailService } from "./mail.service";

/** Something that sends mail. */
@Injectable()
export class OrdersService {
  private readonly logger = new Logger(OrdersService.name);

  constructor(private readonly mail: MailService) {}

  async confirm(order: string, customer: string): Promise<void> {
    const id = `order-${order}`;
    try {
      const { provider } = await this.mail.send(
        { to: customer, subject: `Your order ${order}`, text: "It is on its way." },
        { id },
      );
      this.logger.log(`${id}: accepted by ${provider}`);
    } catch (error) {
      if (!isSteadyMailError(error)) throw error;
      this.logger.error(`${id}: ${error.kind}, sent: ${error.sent}`);
    }
  }
}
