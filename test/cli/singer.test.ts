import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, test } from "vitest";
import { emptyFolder, sync } from "./sync.js";

const TAP = fileURLToPath(new URL("../connectors/singer-tap.mjs", import.meta.url));
let folder: string;

beforeEach(() => {
  folder = emptyFolder();
  mkdirSync(join(folder, "pipelines"));
  writeFileSync(join(folder, "chart.csv"), "code,name,type\n6602,管理费用,expense\n2241,其他应付款,liability\n");
  writeFileSync(
    join(folder, "pipelines/claim.json"),
    JSON.stringify({
      type: "object",
      required: ["id", "amount"],
      properties: { id: { type: "string" }, amount: { type: "string", format: "decimal" } },
    }),
  );
  writeFileSync(
    join(folder, "pipelines/claims.yaml"),
    `pipeline: claims
source: { connection: tap, stream: claims, record: claim.json, key: [id] }
document:
  type: journal
  key: \${id}
  header: { date: "2026-11-20", currency: CNY, text: "报销 \${id}" }
  lines:
    - { debit: "\${amount}", account: "6602" }
    - { credit: "\${amount}", account: "2241" }
target: { connection: books }
`,
  );
});

/** What the tap has to give, and how it behaves, for the next run. */
function tapHas(config: Record<string, unknown>): void {
  writeFileSync(
    join(folder, "sync.yaml"),
    `store: s.db
connections:
  tap:
    connector: singer
    command: ${JSON.stringify([process.execPath, TAP])}
    config: ${JSON.stringify(config)}
  books: { connector: ledger, file: books.db, chart: chart.csv }
`,
  );
}

function run(...args: string[]) {
  const done = sync(folder, "run", "--json", ...args);
  const { counts } = JSON.parse(done.out) as { readonly counts: Record<string, number> };
  return { code: done.code, read: counts["read"], posted: counts["posted"], kept: counts["kept"] };
}

test("a tap goes on from the state of the last run that was dealt with, and from no other", () => {
  const claims = [1, 2, 3, 4].map((id) => ({ id, amount: `${id}.10` }));
  tapHas({ claims: claims.slice(0, 2) });
  expect(run()).toEqual({ code: 0, read: 2, posted: 2, kept: 0 });

  // A plan reads what is new and remembers nothing.
  tapHas({ claims: claims.slice(0, 3) });
  expect(sync(folder, "plan").code).toBe(0);
  // A tap that fails at its end: nothing is taken, nothing is posted, and its state stays.
  tapHas({ claims: claims.slice(0, 3), exit: 1 });
  expect(run()).toMatchObject({ code: 1, posted: 0 });

  tapHas({ claims });
  expect(run()).toEqual({ code: 0, read: 2, posted: 2, kept: 2 });
  expect(run()).toEqual({ code: 0, read: 0, posted: 0, kept: 4 });

  // Everything again: all are known, and none is posted twice.
  expect(run("--full")).toEqual({ code: 0, read: 4, posted: 0, kept: 4 });
  // A full reading that fails is begun anew by the next run, not gone on with from the old state.
  tapHas({ claims, exit: 1 });
  expect(run("--full")).toMatchObject({ code: 1 });
  tapHas({ claims });
  expect(run()).toMatchObject({ code: 0, read: 4, posted: 0 });
});

test("a state is forgotten when the pipeline asks for other fields, because those were never read", () => {
  tapHas({ claims: [{ id: 1, amount: "1.00" }] });
  expect(run()).toMatchObject({ read: 1, posted: 1 });
  const schema = {
    type: "object",
    required: ["id", "amount"],
    properties: { id: { type: "string" }, amount: { type: "string", format: "decimal" }, note: { type: "string" } },
  };
  writeFileSync(join(folder, "pipelines/claim.json"), JSON.stringify(schema));
  expect(run()).toMatchObject({ read: 1, posted: 0, kept: 1 });
});
