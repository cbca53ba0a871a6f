import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect } from "vitest";
import type { Target } from "../../src/connectors/contract.js";
import { type Control, decodeControl } from "../../src/connectors/voucher-file/control.js";
import { type Disk, realDisk } from "../../src/connectors/voucher-file/disk.js";
import type { LayoutName, VoucherFileOptions } from "../../src/connectors/voucher-file/options.js";
import { type Opening, openVoucherFiles } from "./voucher-file-open.js";

export * from "./ledger-documents.js";
export * from "./voucher-file-open.js";

let open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.reverse()) close();
  open = [];
});

/** A folder that is gone after the test. */
export function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "voucher-file-"));
  open.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function aTarget(
  given: Partial<VoucherFileOptions> & { readonly layout: LayoutName },
  opening: Opening = {},
): Promise<{ readonly target: Target; readonly folder: string }> {
  const folder = aFolder();
  return { folder, target: await openVoucherFiles(folder, given, opening) };
}

/** Names of the import files, in order. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name !== "control")
    .sort();
}

export function contentOf(folder: string, name: string): Buffer {
  return readFileSync(join(folder, name));
}

/** Rows of a text file of the folder, without its head; values are split at commas. */
export function linesOf(folder: string, name: string, encoding = "gb18030"): string[][] {
  const text = new TextDecoder(encoding, { fatal: true }).decode(contentOf(folder, name));
  expect(text.endsWith("\r\n")).toBe(true);
  return text
    .slice(0, -2)
    .split("\r\n")
    .slice(1)
    .map((line) => line.split(","));
}

export function controlsOf(folder: string): Control[] {
  const control = join(folder, "control");
  if (!existsSync(control)) return [];
  return readdirSync(control)
    .filter((name) => name.endsWith(".jsonl"))
    .sort()
    .map((name) => decodeControl(readFileSync(join(control, name), "utf8"), name, Number.parseInt(name, 10)));
}

/** What stands in `control` beside the control files. */
export function leftovers(folder: string): string[] {
  const control = join(folder, "control");
  return existsSync(control) ? readdirSync(control).filter((name) => !name.endsWith(".jsonl")) : [];
}

export function sha256(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

export class Crash extends Error {}

/** A disk on which the program dies just before its `at`-th effect, from 0: no effect after that takes place. */
export function dyingDisk(at: number): { readonly disk: Disk; readonly effects: string[] } {
  const effects: string[] = [];
  const before = <A extends unknown[]>(name: string, effect: (...given: A) => void): ((...given: A) => void) => {
    return (...given) => {
      if (effects.length >= at) throw new Crash(name);
      effects.push(name);
      effect(...given);
    };
  };
  const { makeFolder, create, link, rename, remove, syncFolder } = realDisk;
  return {
    effects,
    disk: {
      makeFolder: before("make folder", makeFolder),
      create: before("create", create),
      link: before("link", link),
      rename: before("rename", rename),
      remove: before("remove", remove),
      syncFolder: before("sync folder", syncFolder),
    },
  };
}
