/**
 * A mailer over several email service providers: `createMailer`, its options, outcomes, events and errors.
 *
 * @module steadymail
 */
export type { Bulk, BulkOptions, Campaign, SendManyOptions } from "./bulk/campaign.ts";
export { type CampaignState, type Checkpoint, CheckpointError, type Counts } from "./bulk/checkpoint.ts";
export type { BulkMessage } from "./bulk/content.ts";
export { fileCheckpoint } from "./bulk/file-checkpoint.ts";
export type { Range } from "./bulk/ranges.ts";
export type { BulkRecipient } from "./bulk/recipient.ts";
export type { BulkResult } from "./bulk/reports.ts";
export type { SendManyProgress, SendResult } from "./bulk/send-many.ts";
export type { Source } from "./bulk/source.ts";
export type { CampaignProgress } from "./bulk/tally.ts";
export { createMailer } from "./create-mailer.ts";
export type { OnUnknown } from "./delivery/on-unknown.ts";
export type { Suppress } from "./delivery/suppression.ts";
export type { Drill, DrillFault, DrillOptions } from "./drill.ts";
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
  SuppressedError,
  UnavailableError,
  UnknownDeliveryError,
  UnsupportedError,
} from "./errors.ts";
export type { DrillEvent, Listener, MailerEvents, MailerWarning } from "./events.ts";
export { type Failure, failure, failureInPhase, ProviderError, type Reason, type Scope, type Sent } from "./failure.ts";
export type { BreakerOptions } from "./health/breaker-options.ts";
export type { ChangeReason, Overlay, ProviderChange, Severity, State } from "./health/change.ts";
export type { ProviderHealth } from "./health/provider-health.ts";
export type { WindowStats } from "./health/sliding-window.ts";
export type { Mailer } from "./mailer.ts";
export type { BatchContent, BatchRecipient, PreparedBatch } from "./message/batch.ts";
export type { MergeText } from "./message/merge-text.ts";
export type {
  Address,
  AddressLike,
  Attachment,
  AttachmentContent,
  Message,
  OneOrMany,
  PreparedAttachment,
  PreparedMessage,
  UnsubscribeOptions,
} from "./message/message.ts";
export type { Verification, VerifyOptions } from "./operations/verify.ts";
export type { WarmOptions, Warmth } from "./operations/warm.ts";
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
export type {
  AttemptContext,
  BatchResult,
  BatchSending,
  Check,
  CheckVerdict,
  Provider,
  QuestionLimits,
  VerifyQuestion,
} from "./providers/provider.ts";
export type { Attempt, Receipt, Skipped } from "./receipt.ts";
