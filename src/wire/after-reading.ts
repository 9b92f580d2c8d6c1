/** After whatever had already come over a connection was read: one poll of the event loop lies between two turns. */
export function afterReading(then: () => void): void {
  setImmediate(() => setImmediate(then));
}
