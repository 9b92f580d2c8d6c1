import { failureInPhase, ProviderError } from "../failure.ts";
import { redact } from "../redaction.ts";

/**
 * Loads an SDK at the first call, and never before: importing an adapter must cost nothing. Once it is loaded, it is
 * there at once. A load that failed is tried again at the next call.
 *
 * @throws ProviderError `internal`, not sent, which says what to install
 */
export function sdkLoader<Sdk>(sdkPackage: string, load: () => Promise<Sdk>): () => Sdk | Promise<Sdk> {
  let loading: Promise<Sdk> | undefined;
  let loaded: { readonly sdk: Sdk } | undefined;
  return () => {
    if (loaded) return loaded.sdk;
    loading ??= load().then(
      (sdk) => {
        loaded = { sdk };
        return sdk;
      },
      (error: unknown) => {
        loading = undefined;
        throw new ProviderError(failureInPhase("internal", "no", { detail: whyNotLoaded(sdkPackage, error) }));
      },
    );
    return loading;
  };
}

const missing: ReadonlySet<unknown> = new Set(["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"]);

function whyNotLoaded(sdkPackage: string, error: unknown): string {
  if (error instanceof Error && "code" in error && missing.has(error.code)) {
    return `${sdkPackage} is not installed: npm install ${sdkPackage}`;
  }
  return redact(`${sdkPackage} could not be loaded: ${error instanceof Error ? error.message : "no reason given"}`, []);
}

/**
 * An export of a package in CommonJS, which `import` puts beside `default` or into it: Node and the bundlers differ.
 *
 * @param isIt whether it is what was looked for; it also gives it its type
 */
export function exportOf<T>(module: object, name: string, isIt: (value: unknown) => value is T): T {
  const inside: unknown = Reflect.get(module, "default");
  for (const place of [module, inside]) {
    const found: unknown = Reflect.get(Object(place), name);
    if (isIt(found)) return found;
  }
  throw new Error(`it has no export "${name}" as known`);
}
