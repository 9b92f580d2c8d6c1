import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { ReceivedRequest } from "../esp.ts";

export interface SignatureTerms {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly service: string;
}

/** An error type of AWS, and its words. */
export interface SignatureFault {
  readonly type: string;
  readonly message: string;
}

const authorizationForm =
  /^AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request,\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/u;
/** Clocks may differ by this much. */
const tolerance = 5 * 60_000;

/**
 * Checks a request's signature as AWS does, and says what is wrong with it, if anything is.
 *
 * Source: "Signature Version 4 for API requests", AWS IAM User Guide.
 */
export function signatureFault(request: ReceivedRequest, terms: SignatureTerms): SignatureFault | undefined {
  const authorization = request.headers.get("authorization");
  if (authorization === undefined) {
    return { type: "MissingAuthenticationTokenException", message: "Missing Authentication Token" };
  }
  const [, accessKeyId, day = "", region, service, signedHeaders = "", signature = ""] =
    authorizationForm.exec(authorization) ?? [];
  if (accessKeyId === undefined) {
    return { type: "IncompleteSignatureException", message: "Authorization header is not of the expected form." };
  }
  if (accessKeyId !== terms.accessKeyId) {
    return {
      type: "UnrecognizedClientException",
      message: "The security token included in the request is invalid.",
    };
  }
  if (region !== terms.region) return invalid(`Credential should be scoped to a valid region, not '${region}'.`);
  if (service !== terms.service) return invalid(`Credential should be scoped to correct service: '${terms.service}'.`);
  const at = request.headers.get("x-amz-date") ?? "";
  const age = Math.abs(Date.now() - timeOf(at));
  if (!at.startsWith(day) || !(age <= tolerance)) return invalid(`Signature expired or not yet current: ${at}`);
  const names = signedHeaders.split(";");
  if (!names.includes("host")) return invalid("'Host' must be a 'SignedHeader' in the AWS Authorization.");

  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", at, scope, sha256(canonicalRequest(request, names))].join("\n");
  const key = [day, region, service, "aws4_request"].reduce(hmac, Buffer.from(`AWS4${terms.secretAccessKey}`));
  if (timingSafeEqual(hmac(key, toSign), Buffer.from(signature, "hex"))) return undefined;
  return invalid(
    "The request signature we calculated does not match the signature you provided. " +
      "Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
  );
}

function invalid(message: string): SignatureFault {
  return { type: "InvalidSignatureException", message };
}

function canonicalRequest({ method, target, headers, body }: ReceivedRequest, signed: readonly string[]): string {
  const [path = "", query = ""] = target.split("?", 2);
  return [
    method,
    // The path as sent is encoded once already; for every service but S3 it is signed encoded twice.
    path.split("/").map(encodeURIComponent).join("/"),
    query.split("&").sort().join("&"),
    ...signed.map((name) => `${name}:${(headers.get(name) ?? "").trim().replace(/\s+/gu, " ")}`),
    "",
    signed.join(";"),
    sha256(body),
  ].join("\n");
}

/** `20260131T235959Z` in milliseconds since the epoch. */
function timeOf(basic: string): number {
  return Date.parse(basic.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/u, "$1-$2-$3T$4:$5:$6Z"));
}

function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

function hmac(key: Buffer, data: string): Buffer {
  return createHmac("sha256", key).update(data).digest();
}
