/** What to do when it is unknown whether a provider has the message. */
export type OnUnknown = "failover" | "stop";
