import type { SESv2ClientConfig } from "@aws-sdk/client-sesv2";
import { nameOf } from "../../printable.ts";
import { isObject } from "../answer-body.ts";

type Credentials = SESv2ClientConfig["credentials"];

/** A function of the user's may fail with an error that holds anything; the SDK's own errors have their own name. */
export function quietCredentials(credentials: Credentials): Pick<SESv2ClientConfig, "credentials"> {
  if (typeof credentials !== "function") return {};
  return {
    credentials: (...context) =>
      credentials(...context).catch((error: unknown) => {
        if (error instanceof Error && error.name === "CredentialsProviderError") throw error;
        throw new Error(`the function that was given as credentials failed (${nameOf(error)})`);
      }),
  };
}

/** What must not appear in an error; what a function fetches is known from the request alone. */
export function secretsIn(credentials: Credentials): readonly string[] {
  if (!isObject(credentials)) return [];
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  return [accessKeyId, secretAccessKey, sessionToken].filter((secret) => typeof secret === "string");
}
