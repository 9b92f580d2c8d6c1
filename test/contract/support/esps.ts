import type http from "node:http";
import { afterAll, beforeEach, onTestFinished } from "vitest";
import { createMailer, type Mailer, type MailerOptions, type Provider } from "../../../src/index.ts";
import { mailgun } from "../../../src/providers/mailgun/index.ts";
import { mailjet } from "../../../src/providers/mailjet/index.ts";
import { sendgrid } from "../../../src/providers/sendgrid/index.ts";
import { ses } from "../../../src/providers/ses/index.ts";
import {
  type AdapterOptions,
  type EspName,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from "../../../src/testing/index.ts";

export const espNames = ["ses", "sendgrid", "mailgun", "mailjet"] as const satisfies readonly EspName[];

/** A simulator of each ESP. */
export type Esps = { readonly [E in EspName]: Simulator<E> };

/** The four simulators for all tests of a file, healed and emptied before each. To be called at the top of the file. */
export async function useEsps(): Promise<Esps> {
  const [sesSimulator, sendgridSimulator, mailgunSimulator, mailjetSimulator] = await Promise.all([
    startSimulator("ses"),
    startSimulator("sendgrid"),
    startSimulator("mailgun"),
    startSimulator("mailjet"),
  ]);
  const all = [sesSimulator, sendgridSimulator, mailgunSimulator, mailjetSimulator];
  beforeEach(async () => {
    await Promise.all(all.map((esp) => esp.heal()));
    for (const esp of all) esp.clear();
  });
  afterAll(async () => {
    await Promise.all(all.map((esp) => esp.close()));
  });
  return {
    ses: sesSimulator,
    sendgrid: sendgridSimulator,
    mailgun: mailgunSimulator,
    mailjet: mailjetSimulator,
  };
}

/** One simulator for one test, which closes it. */
export async function startEsp<E extends EspName>(name: E, options: SimulatorOptions<E> = {}): Promise<Simulator<E>> {
  const esp = await startSimulator(name, options);
  onTestFinished(() => esp.close());
  return esp;
}

const adapters: { readonly [E in EspName]: (options: AdapterOptions<E> & { readonly name: string }) => Provider } = {
  ses,
  sendgrid,
  mailgun,
  mailjet,
};

/** The real adapter for the account of a simulator; `baseUrl` to meet a server that knows another account. */
export function adapterOf<E extends EspName, const N extends string = E>(
  esp: Simulator<E>,
  name?: N,
  baseUrl?: string,
  agent?: http.Agent,
): Provider<N>;
export function adapterOf<E extends EspName>(
  esp: Simulator<E>,
  name: string = esp.esp,
  baseUrl: string = esp.url,
  agent?: http.Agent,
): Provider {
  return adapters[esp.esp](Object.assign({}, esp.options, { name, baseUrl, agent }));
}

/** A mailer for one test, which closes it. */
export function openMailer<const N extends string>(options: MailerOptions<N>): Mailer<N> {
  const mailer = createMailer(options);
  onTestFinished(() => mailer.close());
  return mailer;
}
