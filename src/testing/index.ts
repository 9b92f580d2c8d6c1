/**
 * To test what your code does in an outage: simulators of the ESPs, and providers in memory.
 *
 * @module steadymail/testing
 */
export type { Failure, Reason, Sent } from "../failure.ts";
export type { BatchContent, BatchRecipient, PreparedBatch } from "../message/batch.ts";
export type { Address, PreparedAttachment, PreparedMessage } from "../message/message.ts";
export type { AttemptContext, BatchResult, BatchSending, Provider } from "../providers/provider.ts";
export { type LogProviderOptions, logProvider } from "./log-provider.ts";
export {
  type AcceptedOutcome,
  type BatchOutcomeRule,
  type FailedOutcome,
  type MemoryProvider,
  type MemoryProviderOptions,
  memoryProvider,
  type Outcome,
  type OutcomeRule,
  type StoredMessage,
} from "./memory-provider.ts";
export type { EspName } from "./simulator/esp.ts";
export type { Fault, FaultKind, FaultSpan } from "./simulator/fault.ts";
export type { ReceivedAttachment, ReceivedMessage } from "./simulator/inbox.ts";
export { type AdapterOptions, type Simulator, type SimulatorOptions, startSimulator } from "./simulator/simulator.ts";
