import type { Provider } from "../providers/provider.ts";

/** Those that have nothing left to load. */
const loaded = new WeakSet<Provider>();

export function isLoaded(provider: Provider): boolean {
  return loaded.has(provider);
}

/** Loads what an adapter needs. One that cannot be loaded says why when it is used. */
export async function loadQuietly(provider: Provider): Promise<undefined> {
  try {
    await provider.load?.();
    loaded.add(provider);
  } catch {}
}
