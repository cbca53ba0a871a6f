import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import type { DraftEvent } from "./books.js";
import type { Call, Fault } from "./faults.js";
import type { VoucherLine } from "./voucher.js";

interface Content {
  readonly at: number;
  readonly number: string;
  readonly externalNo: string;
  readonly date: string;
  readonly lines: readonly VoucherLine[];
}

/** One line of the ERP's own record. Times in milliseconds since 1970. */
export type Entry =
  | {
      readonly event: "request";
      readonly at: number;
      readonly call: Call;
      readonly externalNo: string | null;
      readonly fault: Fault | null;
    }
  | ({ readonly event: "booked"; readonly reverses: string | null } & Content)
  | ({ readonly event: "draft"; readonly what: DraftEvent } & Content)
  /** A person changed it, draft or not. */
  | ({ readonly event: "edited" } & Content)
  | {
      readonly event: "refused";
      readonly at: number;
      readonly externalNo: string | null;
      readonly status: number;
      readonly message: string;
    };

export type Booked = Extract<Entry, { event: "booked" }>;
export type Requested = Extract<Entry, { event: "request" }>;

/** Writes what happened, in order, one JSON line each, at once: the file is the witness that no client can talk to. */
export class JournalWriter {
  private readonly handle: number;

  constructor(file: string) {
    this.handle = openSync(file, "a", 0o600);
  }

  write(entry: Entry): void {
    writeSync(this.handle, `${JSON.stringify(entry)}\n`);
  }

  close(): void {
    closeSync(this.handle);
  }
}

/** The books as the journal tells them, counted without asking the ERP. */
export class Journal {
  readonly entries: readonly Entry[];
  readonly booked: readonly Booked[];
  readonly requests: readonly Requested[];

  constructor(file: string) {
    // The ERP may be writing at this moment; what stands behind the last line break is the beginning of a line.
    const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
    this.entries = lines.map((line) => JSON.parse(line) as Entry);
    this.booked = this.entries.filter((entry) => entry.event === "booked");
    this.requests = this.entries.filter((entry) => entry.event === "request");
  }

  /** Vouchers that are neither cancelled nor cancel another. */
  live(): Booked[] {
    const cancelled = new Set(this.booked.flatMap((entry) => (entry.reverses === null ? [] : [entry.reverses])));
    return this.booked.filter((entry) => entry.reverses === null && !cancelled.has(entry.number));
  }

  /** Vouchers that were saved and are neither booked nor deleted, as they are now. */
  drafts(): Content[] {
    const drafts = new Map<string, Content>();
    for (const entry of this.entries) {
      if (entry.event === "booked" || (entry.event === "draft" && entry.what === "deleted")) drafts.delete(entry.number);
      else if (entry.event === "draft") drafts.set(entry.number, entry);
    }
    return [...drafts.values()];
  }

  /** How often that happened to a draft. */
  countDrafts(what: DraftEvent): number {
    return this.entries.filter((entry) => entry.event === "draft" && entry.what === what).length;
  }

  /** How many live vouchers each document has; `documentOf` cuts our document key out of the external number. */
  livePerDocument(documentOf: (externalNo: string) => string): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { externalNo } of this.live()) {
      const document = documentOf(externalNo);
      counts.set(document, (counts.get(document) ?? 0) + 1);
    }
    return counts;
  }

  count(call: Call): number {
    return this.requests.filter((entry) => entry.call === call).length;
  }

  struck(fault: Fault): number {
    return this.requests.filter((entry) => entry.fault === fault).length;
  }
}
