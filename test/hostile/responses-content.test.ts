import { expect, it } from "vitest";
import { espNames } from "../contract/support/esps.ts";
import { silenceWarnings } from "../mailer/support.ts";
import { server, stopTime } from "../wire/harness.ts";
import { describeAnswer } from "./response-support/answer.ts";
import { answers } from "./response-support/answers.ts";
import { checkAll, loadSdks } from "./response-support/batches.ts";
import { meet } from "./response-support/exchange.ts";
import { expectationOf } from "./response-support/oracle.ts";
import { bytesOf } from "./response-support/wire-form.ts";

loadSdks();
silenceWarnings();

const count = 1_250;

it.each(espNames)(
  `%s may say what it likes, ${count} times, and is believed in what it alone can know`,
  async (esp) => {
    stopTime();
    const elsewhere = await server();
    await checkAll(count, answers(esp, elsewhere.url.origin), (list) =>
      meet(
        list.map((answer) => ({
          esp,
          expected: expectationOf(esp, answer),
          deliver: ({ connection }) => void connection.stream.write(bytesOf(answer)),
          describe: () => describeAnswer(answer),
        })),
      ),
    );
    expect(elsewhere.tcp).toHaveLength(0);
  },
  120_000,
);
