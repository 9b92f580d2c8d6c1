import { startSimulator } from "steadymail/testing";

/** SES and SendGrid, simulated, and the environment in which a program takes them for the real ones. */
export async function startEsps({ latency = 0 }: { readonly latency?: number } = {}) {
  const ses = await startSimulator("ses", { latency });
  const sendgrid = await startSimulator("sendgrid", { latency });
  const { region, credentials, baseUrl } = ses.options;
  return {
    ses,
    sendgrid,
    environment: {
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_ENDPOINT_URL: baseUrl,
      SENDGRID_API_KEY: sendgrid.options.apiKey,
      SENDGRID_BASE_URL: sendgrid.options.baseUrl,
      // With Node 20 the AWS SDK warns that it will ask for Node 22, in the midst of what is shown.
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    },
    /** The ids of the sends that either of them accepted, one for each mail. */
    received: () => [ses, sendgrid].flatMap(({ inbox }) => inbox.map(({ steadymailId = "" }) => steadymailId)),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([ses.close(), sendgrid.close()]);
    },
  };
}

export type Esps = Awaited<ReturnType<typeof startEsps>>;
