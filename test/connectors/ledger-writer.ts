// Posts into books as a process of its own: node --import tsx ledger-writer.ts <file> <name> <batches> <documents per batch>
// Prints the outcome of every document by its key, and what a look-up says at once about those that are in doubt.
import { aDocument, itemOf, openTarget } from "./ledger-documents.js";

const [file = "", name = "", batches = "", size = ""] = process.argv.slice(2);
const target = openTarget({ file });
const outcomes: [key: string, kind: string, lookedUp: string | null][] = [];

async function lookUp(key: string): Promise<string> {
  try {
    return (await target.lookup(key)) === null ? "absent" : "found";
  } catch {
    return "unavailable";
  }
}

for (let batch = 0; batch < Number(batches); batch += 1) {
  const items = Array.from({ length: Number(size) }, (_, at) =>
    itemOf(
      aDocument({
        key: `${name}-${batch}-${at}`,
        date: at % 2 === 0 ? "2026-11-20" : "2026-12-20",
        fields: at % 3 === 0 ? { word: "转" } : {},
      }),
    ),
  );
  try {
    for (const [at, { kind }] of (await target.post(items)).entries()) {
      const key = items[at]?.idempotencyKey ?? "";
      outcomes.push([key, kind, kind === "unconfirmed" ? await lookUp(key) : null]);
    }
  } catch (error) {
    for (const { idempotencyKey } of items) outcomes.push([idempotencyKey, (error as Error).message, null]);
  }
}
process.stdout.write(JSON.stringify(outcomes), () => process.exit(0));
