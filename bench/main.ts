import { parseArgs } from "node:util";
import { mainJob } from "./main-job.js";
import { safety } from "./safety.js";
import { KINDS, sources } from "./sources.js";

// npm run bench -- [main] [safety] [sources] [--runs 3] [--lines 200000] [--documents 5000] [--posts 500] [--rows 200000] [--workbook-rows 50000] [--kinds json,sql]
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string", default: "3" },
    /** Of the main job: expense lines. */
    lines: { type: "string", default: "200000" },
    /** Of the cost of safety: documents for the embedded ledger, and for HTTP. */
    documents: { type: "string", default: "5000" },
    posts: { type: "string", default: "500" },
    /** Of the memory of sources: rows, and those of a workbook. */
    rows: { type: "string", default: "200000" },
    "workbook-rows": { type: "string", default: "50000" },
    kinds: { type: "string", default: KINDS.join(",") },
  },
});
const runs = positive("runs", values.runs);
const benchmarks: Readonly<Record<string, () => Promise<void>>> = {
  main: () => mainJob({ runs, lines: positive("lines", values.lines) }),
  safety: () => safety({ runs, documents: positive("documents", values.documents), posts: positive("posts", values.posts) }),
  sources: () =>
    sources({
      rows: positive("rows", values.rows),
      workbookRows: positive("workbook-rows", values["workbook-rows"]),
      kinds: kindsOf(values.kinds),
    }),
};
const unknown = positionals.find((name) => !Object.hasOwn(benchmarks, name));
if (unknown !== undefined) throw new Error(`no benchmark \`${unknown}\`; there are ${Object.keys(benchmarks).join(" and ")}`);

console.log(`Node ${process.version}; ${runs} runs in turn, fresh processes; median (min–max)`);
for (const [name, run] of Object.entries(benchmarks)) if (positionals.length === 0 || positionals.includes(name)) await run();

function kindsOf(text: string): readonly string[] {
  const kinds = text.split(",");
  const unknown = kinds.find((kind) => !(KINDS as readonly string[]).includes(kind));
  if (unknown !== undefined) throw new Error(`no source \`${unknown}\`; there are ${KINDS.join(", ")}`);
  return kinds;
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${name} is \`${text}\`, expected a whole number from 1`);
  return number;
}
