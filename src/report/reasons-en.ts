import type { PageWords } from "./page-words.js";

/** Why something waits, as an accountant would say it, and what helps. */
export const ENGLISH_REASONS: PageWords["reasons"] = {
  RECORD_MALFORMED: { title: "A row of the export cannot be read", help: "Have it exported again, or mend the row in the file." },
  RECORD_INVALID: {
    title: "A row of the export is incomplete or wrong",
    help: "A required value is missing, or a date or amount is none. Correct it in the system it comes from.",
  },
  RECORD_NO_KEY: {
    title: "A row without a document number",
    help: "Nobody can tell which document it belongs to. Often it is a total or a remark; else have the number put in.",
  },
  RECORD_MISSING: { title: "A row is missing", help: "A document came without one of its rows. Have it exported again as a whole." },
  RECORD_TWICE: {
    title: "Two different rows have one number",
    help: "Find out which one is right, and correct the other in the system it comes from.",
  },
  MAP_FAILED: {
    title: "An account, amount or text could not be worked out",
    help: "A value in the document is not as the rules expect it.",
  },
  MAP_LOOKUP_MISSING: {
    title: "No account, or the like, is assigned to a value",
    help: "Add the value to the table that is named: which account does it belong to?",
  },
  MAP_DISAGREE: {
    title: "The rows of one document contradict each other",
    help: "Such as two currencies or two dates in one document. Correct it at the source.",
  },
  MAP_AMOUNT: { title: "An amount that cannot be booked", help: "Such as one with more decimal places than its currency has." },
  MAP_HEADER: { title: "A date, currency or text that cannot be booked", help: "Correct it in the system it comes from." },
  DOCUMENT_BAD_RECORD: {
    title: "One row of the document is wrong, so all of it waits",
    help: "A document is booked whole or not at all. Put the row right, and the document follows.",
  },
  DOCUMENT_EMPTY: { title: "Nothing is left to book", help: "All amounts of the document are zero. If that is right, it can be dropped." },
  DOCUMENT_UNBALANCED: { title: "Debit and credit differ", help: "Compare net amount, tax and total in the document." },
  DOCUMENT_CHECK: { title: "A check of this pipeline is not met", help: "The message says which. Correct the document at the source." },
  DOCUMENT_NOT_UNIQUE: {
    title: "The same number stands in two documents",
    help: "Such as an invoice that is handed in twice. Find out which of the two documents is right.",
  },
  TARGET_REJECTED: {
    title: "The accounting system refused it",
    help: "Its own words stand with each. Put right what it objects to, here or there.",
  },
  TARGET_PERIOD_CLOSED: {
    title: "The accounting period is closed",
    help: "Reopen the period, or give the document a date in an open one.",
  },
  TARGET_NOT_YET: { title: "The accounting system does not take it yet", help: "It is tried again with every run." },
  TARGET_CONFLICT: {
    title: "Another document stands there under this number",
    help: "Look it up in the accounting system, and find out where it came from.",
  },
  TARGET_CHANGED_HELD: {
    title: "It changed at the source after it was booked",
    help: "This pipeline leaves such corrections to a person. Correct it in the accounting system.",
  },
  TARGET_EDITED: {
    title: "Somebody changed or removed it in the accounting system",
    help: "It is not overwritten. Find out who changed it and why, and put it right there or at the source.",
  },
  TARGET_BUSY: { title: "The accounting system had no time", help: "Nothing was sent. It is tried again with every run." },
  TARGET_CONTENT_UNKNOWN: { title: "It is booked, and nobody can tell with what content", help: "Compare it in the accounting system." },
  TARGET_UNCONFIRMED: {
    title: "It was sent, and the answer was lost",
    help: "Before anything else is sent for it, the accounting system is asked whether it has it.",
  },
};
