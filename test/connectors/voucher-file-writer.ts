import { type Disk, realDisk } from "../../src/connectors/voucher-file/disk.js";
import { aDocument, itemOf } from "./ledger-documents.js";
import { openVoucherFiles } from "./voucher-file-open.js";

/**
 * Writes as a program of its own and prints the kinds of the outcomes:
 *   FOLDER die EFFECT               two documents; kills itself before that effect
 *   FOLDER write NAME FILES SIZE    so many files of so many documents
 *   FOLDER race NAME FILES SIZE     the same, with one document in each that everybody writes
 */
const [folder = "", what = "", ...args] = process.argv.slice(2);

const kinds: string[] = [];
if (what === "die") {
  const at = Number(args[0]);
  let effects = 0;
  const disk = Object.fromEntries(
    Object.entries(realDisk as unknown as Record<string, (...given: unknown[]) => void>).map(([name, effect]) => [
      name,
      (...given: unknown[]) => {
        if (effects === at) process.kill(process.pid, "SIGKILL");
        effects += 1;
        effect(...given);
      },
    ]),
  ) as unknown as Disk;
  const target = await openVoucherFiles(folder, { layout: "csv" }, { disk });
  await target.post(["die-0-0", "die-0-1"].map((key) => itemOf(aDocument({ key }))));
} else {
  const [name, files, size] = args;
  const target = await openVoucherFiles(folder, { layout: "csv" });
  for (let file = 0; file < Number(files); file += 1) {
    const keys = Array.from({ length: Number(size) }, (_, at) => `${name}-${file}-${at}`);
    if (what === "race") keys.push(`all-${file}`);
    for (const { kind } of await target.post(keys.map((key) => itemOf(aDocument({ key }))))) kinds.push(kind);
  }
}
console.log(JSON.stringify(kinds));
