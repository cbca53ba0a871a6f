import type { Redaction } from "../connectors/http/redaction.js";
import type { Message } from "./message.js";

/**
 * What became of a message. `busy`: it was certainly not taken and may be sent again; `retryAfterMs` is what the channel asked for, in
 * milliseconds. `failed` is everything else, an answer that never came too: whether it arrived nobody knows, and it is not sent again in this run.
 */
export type Sent =
  | { readonly kind: "sent" /** What is not as it should be all the same. */; readonly note?: string }
  | { readonly kind: "busy"; readonly reason: string; readonly retryAfterMs: number | null }
  | { readonly kind: "failed"; readonly reason: string };

/** One channel that is open. It sends once and never throws for what the other side does. */
export interface Sender {
  send(message: Message): Promise<Sent>;
  close(): Promise<void>;
}

export interface SenderContext {
  readonly now: () => Date;
  /** How long connecting may take, and then the answer. */
  readonly timeoutMs: number;
  /** Covers every secret in what others answer. */
  readonly redaction: Redaction;
}
