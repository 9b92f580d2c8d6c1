/** The senders that are verified at a simulated ESP: addresses and domains, or any at all. */
export class VerifiedSenders {
  readonly #named: ReadonlySet<string> | undefined;

  /** @throws TypeError for what is neither an address nor a domain */
  constructor(named: readonly string[] | undefined) {
    for (const sender of named ?? []) {
      if (typeof sender !== "string" || !/^(?:[^\s@]+@)?[^\s@]+\.[^\s@]+$/u.test(sender)) {
        throw new TypeError('startSimulator: senders must be addresses or domains, such as "example.com".');
      }
    }
    this.#named = named && new Set(named.map((sender) => sender.toLowerCase()));
  }

  /** Whether this very address or domain is verified. */
  has(identity: string): boolean {
    return this.#named?.has(identity.toLowerCase()) ?? true;
  }

  /** Whether an address is, by itself or by its domain. */
  covers(address: string): boolean {
    return this.has(address) || this.has(domainOf(address));
  }

  /** The same where a domain stands for those beneath it too. */
  coversByAnyDomain(address: string): boolean {
    const labels = domainOf(address).split(".");
    return this.has(address) || labels.some((_, index) => this.has(labels.slice(index).join(".")));
  }

  get addresses(): readonly string[] {
    return [...(this.#named ?? [])].filter((sender) => sender.includes("@"));
  }

  get domains(): readonly string[] {
    return [...(this.#named ?? [])].filter((sender) => !sender.includes("@"));
  }
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1);
}
