export type { OnUnknown } from "./delivery/on-unknown.ts";
export {
  AbortedError,
  type AnySteadyMailError,
  ClosedError,
  type ErrorKind,
  InvalidMessageError,
  isSteadyMailError,
  OverloadedError,
  type Problem,
  RejectedError,
  SteadyMailError,
  UnavailableError,
  UnknownDeliveryError,
  UnsupportedError,
} from "./errors.ts";
export type { Listener, MailerEvents, MailerWarning } from "./events.ts";
export { type Failure, failure, failureInPhase, ProviderError, type Reason, type Scope, type Sent } from "./failure.ts";
export type { BreakerOptions } from "./health/breaker-options.ts";
export type { ChangeReason, Overlay, ProviderChange, Severity, State } from "./health/change.ts";
export type { ProviderHealth } from "./health/provider-health.ts";
export type { WindowStats } from "./health/sliding-window.ts";
export { createMailer, type Mailer } from "./mailer.ts";
export type {
  Address,
  AddressLike,
  Attachment,
  AttachmentContent,
  Message,
  OneOrMany,
  PreparedAttachment,
  PreparedMessage,
} from "./message/message.ts";
export type {
  Droppable,
  Entry,
  MailerOptions,
  QueueOptions,
  RateOptions,
  RetryOptions,
  Route,
  SendOptions,
} from "./options.ts";
export type { AttemptContext, Provider } from "./providers/provider.ts";
export type { Attempt, Receipt, Skipped } from "./receipt.ts";
