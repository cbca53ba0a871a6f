/**
 * What happens next, decided by the code alone:
 * `stop` nothing more is done or sent; `quarantine` that item waits in the store, the others go on;
 * `hold` that document waits until something outside changes, the others go on;
 * `retry` tried again, bounded; `verify` it was sent and the answer is unknown, so it is looked up before anything else;
 * `notice` worth knowing, nothing waits.
 */
export type Disposition = "stop" | "quarantine" | "hold" | "retry" | "verify" | "notice";

interface CodeRow {
  readonly disposition: Disposition;
  /** One line for lists and the reference. */
  readonly title: string;
}

/** Every problem the program can report. The row says what happens next. */
export const PROBLEM_CODES = {
  // What was asked for
  CONFIG_YAML: { disposition: "stop", title: "the file is not valid YAML" },
  CONFIG_NO_PROJECT: { disposition: "stop", title: "there is no sync.yaml here or above" },
  CONFIG_NO_PIPELINE: { disposition: "stop", title: "no pipeline of that name" },
  CONFIG_UNKNOWN_KEY: { disposition: "stop", title: "a key that nothing reads" },
  CONFIG_DUPLICATE_KEY: { disposition: "stop", title: "one key stands twice in a mapping" },
  CONFIG_MISSING_KEY: { disposition: "stop", title: "a required key is missing" },
  CONFIG_WRONG_VALUE: { disposition: "stop", title: "a value of the wrong kind or out of range" },
  CONFIG_MISSING_FILE: { disposition: "stop", title: "a file that is named does not exist" },
  CONFIG_INCLUDE_CYCLE: { disposition: "stop", title: "files include each other in a circle" },
  CONFIG_AFTER_CYCLE: { disposition: "stop", title: "pipelines wait for each other in a circle" },
  CONFIG_UNKNOWN_CONNECTOR: { disposition: "stop", title: "no connector of that name" },
  CONFIG_UNKNOWN_CONNECTION: { disposition: "stop", title: "no connection of that name in sync.yaml" },
  CONFIG_UNKNOWN_ENVIRONMENT: { disposition: "stop", title: "no environment of that name in sync.yaml" },
  CONFIG_UNKNOWN_ENCODING: { disposition: "stop", title: "no text encoding of that name" },
  CONFIG_MISSING_SECRET: { disposition: "stop", title: "an environment variable or secret file is missing" },
  CONFIG_SECRETS: { disposition: "stop", title: "the encrypted file of secrets cannot be opened" },
  CONFIG_INSECURE: { disposition: "notice", title: "a connection over which everything travels readable" },
  CONFIG_EXPOSED: { disposition: "notice", title: "a file that others on this machine may read" },
  CONFIG_DUPLICATE_NAME: { disposition: "stop", title: "two pipelines, lookups or columns share a name" },
  CONFIG_SCHEMA: { disposition: "stop", title: "a record schema that cannot be used" },
  CONFIG_LOOKUP: { disposition: "stop", title: "a lookup table that cannot be used" },
  CONFIG_DOCUMENT: { disposition: "stop", title: "the target cannot take this document" },
  // How a mapping is said
  EXPR_SYNTAX: { disposition: "stop", title: "an expression that cannot be read" },
  EXPR_UNKNOWN_NAME: { disposition: "stop", title: "a field, lookup or variable that does not exist" },
  EXPR_UNKNOWN_FUNCTION: { disposition: "stop", title: "a function that does not exist" },
  EXPR_TYPE: { disposition: "stop", title: "a value of the wrong type in an expression" },
  EXPR_MAYBE_EMPTY: { disposition: "stop", title: "a value that can be empty is used as if it were there" },
  EXPR_ARGUMENTS: { disposition: "stop", title: "wrong number or kind of arguments" },
  EXPR_PATTERN: { disposition: "stop", title: "a pattern that cannot be used" },
  // What was read
  SOURCE_UNREADABLE: { disposition: "stop", title: "the source cannot be read" },
  SOURCE_IDENTITY: { disposition: "stop", title: "a server cannot prove that it is the one expected" },
  SOURCE_SIGN_IN: { disposition: "stop", title: "the source does not let us in" },
  SOURCE_NAME: { disposition: "stop", title: "a server lists a name that cannot be used" },
  SOURCE_NO_FILES: { disposition: "notice", title: "no file matches" },
  SOURCE_FILE_GROWING: { disposition: "notice", title: "a file is still being written" },
  SOURCE_FILE_CHANGED: { disposition: "notice", title: "a file changed while it was read" },
  SOURCE_SAME_NAME: { disposition: "stop", title: "a file has the name of one that was archived before" },
  SOURCE_NOT_ARCHIVED: { disposition: "notice", title: "a file was taken and could not be archived" },
  SOURCE_DECODE: { disposition: "stop", title: "bytes that are not text in the declared encoding" },
  SOURCE_FORMAT: { disposition: "stop", title: "a file that is not what its connector reads, or is broken" },
  SOURCE_TOO_LARGE: { disposition: "stop", title: "a file that holds more than is read" },
  SOURCE_SHEET: { disposition: "stop", title: "which sheet of a workbook to read is not clear" },
  SOURCE_NO_HEADER: { disposition: "stop", title: "no header row was found" },
  SOURCE_DUPLICATE_HEADER: { disposition: "stop", title: "two columns have one name" },
  SOURCE_MISSING_COLUMN: { disposition: "stop", title: "a required column is missing" },
  RECORD_MALFORMED: { disposition: "quarantine", title: "a row that cannot be split into columns" },
  RECORD_INVALID: { disposition: "quarantine", title: "a record does not fit its schema" },
  RECORD_NO_KEY: { disposition: "quarantine", title: "a record without its key" },
  RECORD_MISSING: { disposition: "quarantine", title: "a record is missing from a delivery that should hold it" },
  RECORD_TWICE: { disposition: "quarantine", title: "two different records have one key" },
  // What was mapped
  MAP_FAILED: { disposition: "quarantine", title: "an expression has no answer for these records" },
  MAP_LOOKUP_MISSING: { disposition: "quarantine", title: "a lookup has no row for this value" },
  MAP_LOOKUP_STOP: { disposition: "stop", title: "a lookup that must be complete has no row for this value" },
  MAP_DISAGREE: { disposition: "quarantine", title: "the records of one document disagree" },
  MAP_AMOUNT: { disposition: "quarantine", title: "an amount that cannot be booked" },
  MAP_HEADER: { disposition: "quarantine", title: "a document header value that cannot be booked" },
  DOCUMENT_BAD_RECORD: { disposition: "quarantine", title: "a record of this document is in quarantine" },
  DOCUMENT_EMPTY: { disposition: "quarantine", title: "a document without lines" },
  DOCUMENT_UNBALANCED: { disposition: "quarantine", title: "debit and credit differ" },
  DOCUMENT_CHECK: { disposition: "quarantine", title: "a check of the pipeline is not met" },
  DOCUMENT_NOT_UNIQUE: { disposition: "quarantine", title: "a value that must be unique stands in two documents" },
  // What was posted
  TARGET_UNAVAILABLE: { disposition: "stop", title: "the target cannot be reached or opened" },
  TARGET_REJECTED: { disposition: "quarantine", title: "the target refused the document" },
  TARGET_PERIOD_CLOSED: { disposition: "hold", title: "the accounting period is closed" },
  TARGET_NOT_YET: { disposition: "hold", title: "the target does not take it yet, and may later" },
  TARGET_CONFLICT: { disposition: "hold", title: "the target holds another document under this key" },
  TARGET_CHANGED_HELD: { disposition: "hold", title: "a posted document changed, and the pipeline says to hold" },
  TARGET_EDITED: { disposition: "hold", title: "somebody changed or removed a posted document in the target" },
  TARGET_BUSY: { disposition: "retry", title: "the target has no time, or cannot be reached; nothing was sent" },
  TARGET_SIGN_IN: { disposition: "stop", title: "the target does not let us in" },
  TARGET_CONTENT_UNKNOWN: { disposition: "hold", title: "recovered from a target that does not tell what it holds" },
  TARGET_UNCONFIRMED: { disposition: "verify", title: "sent, and the answer is unknown" },
  // The network, at either end
  NETWORK_NAME: { disposition: "stop", title: "the name of a server cannot be looked up" },
  NETWORK_CERTIFICATE: { disposition: "stop", title: "a server cannot prove that it is the one expected" },
  // The run and the store
  STORE_NEWER: { disposition: "stop", title: "the store was written by a newer version" },
  STORE_UNREADABLE: { disposition: "stop", title: "the store cannot be opened" },
  STORE_FAILED: { disposition: "stop", title: "the store cannot be read or written" },
  STORE_BUSY: { disposition: "stop", title: "another run holds this pipeline" },
  STORE_BEHIND: { disposition: "stop", title: "the target holds postings that the store does not know" },
  STORE_LEASE_LOST: { disposition: "stop", title: "another run took over while this one was asleep" },
  RUN_CLOCK_BACK: { disposition: "stop", title: "the clock of this machine went back" },
  RUN_DISK_FULL: { disposition: "stop", title: "a disk is full" },
  RUN_INTERRUPTED: { disposition: "stop", title: "the run was asked to stop" },
  RUN_LEFT_OUT: { disposition: "stop", title: "a pipeline that this one comes after did not do its work" },
  RUN_UNDER_WAY: { disposition: "notice", title: "a run is at work on this pipeline while it is reconciled" },
  RUN_THRESHOLD: { disposition: "stop", title: "more items wait than the pipeline allows" },
  PLAN_BROKEN: { disposition: "stop", title: "a plan file that is not as it was written" },
  PLAN_STALE: { disposition: "stop", title: "a plan that no longer fits: the pipeline, a lookup or the store changed, or it was applied" },
  PLAN_NOT_APPROVED: { disposition: "stop", title: "a plan without the approval that its pipeline asks for" },
  RECONCILE_INCOMPLETE: { disposition: "stop", title: "source, postings and target could not all be compared" },
  NOTIFY_FAILED: { disposition: "notice", title: "people could not be told; the run is what it was" },
  OBSERVE_FAILED: { disposition: "notice", title: "a log, metrics or traces could not be written; the run is what it was" },
  USAGE: { disposition: "stop", title: "the command was used wrongly" },
  NOT_FOUND: { disposition: "stop", title: "there is nothing of that name or key" },
} as const satisfies Record<string, CodeRow>;

export type ProblemCode = keyof typeof PROBLEM_CODES;
