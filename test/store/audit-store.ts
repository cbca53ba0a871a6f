import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AuditChain, type AuditEntry, type AuditRow, type AuditVerdict } from "../../src/model/audit.js";
import { AuditLog } from "../../src/store/audit-log.js";
import { Store } from "../../src/store/store.js";

export const now = (): Date => new Date("2026-11-20T00:00:00.000Z");

/** A store in a temporary folder, with the log that starts in it. */
export class AuditedStore {
  readonly folder = mkdtempSync(join(tmpdir(), "sync-audit-"));
  readonly file = join(this.folder, "store.db");
  readonly store = Store.open(this.file, { create: true, now, actor: "li.na" });

  append(...subjects: string[]): void {
    for (const subject of subjects) this.store.audit.append(aDrop({ subject }));
  }

  dispose(): void {
    this.store.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function aDrop(more: Partial<Extract<AuditEntry, { event: "item dropped" }>> = {}): AuditEntry {
  return {
    at: "2026-11-20T01:02:03.000Z",
    actor: "li.na",
    event: "item dropped",
    pipeline: "p",
    run: null,
    subject: "BX-1",
    detail: { item: "document", key: "BX-1", cause: "DOCUMENT_CHECK", reason: "私人费用" },
    ...more,
  };
}

export function rowsOf(file: string): AuditRow[] {
  const log = AuditLog.open(file);
  try {
    return [...log.rows()];
  } finally {
    log.close();
  }
}

export function verdictOf(file: string, head: string | null = null): AuditVerdict {
  const log = AuditLog.open(file);
  try {
    const chain = new AuditChain(head);
    for (const row of log.rows()) if (!chain.accept(row)) break;
    return chain.verdict();
  } finally {
    log.close();
  }
}
