import type { Provider } from "../providers/provider.ts";

/** Loads what an adapter needs. One that cannot be loaded says why when it is used. */
export async function loadQuietly<N extends string>(provider: Provider<N>): Promise<undefined> {
  try {
    await provider.load?.();
  } catch {}
}
