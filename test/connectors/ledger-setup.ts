import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { Target } from "../../src/connectors/contract.js";
import type { ConnectionOptions, TargetOptions } from "../../src/connectors/ledger/options.js";
import { openTarget } from "./ledger-documents.js";

export * from "./ledger-documents.js";

let open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.reverse()) close();
  open = [];
});

/** A folder that is gone after the test. */
export function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ledger-"));
  open.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Closed after the test. */
export function openLedger(connection: Partial<ConnectionOptions> & { file: string }, options: TargetOptions = {}): Target {
  const target = openTarget(connection, options);
  open.push(() => void target.close?.());
  return target;
}

export function aLedger(connection: Partial<ConnectionOptions> = {}, options: TargetOptions = {}): { target: Target; file: string } {
  const file = connection.file ?? join(aFolder(), "books.ledger");
  return { target: openLedger({ ...connection, file }, options), file };
}
