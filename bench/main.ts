import { parseArgs } from "node:util";
import { safety } from "./safety.js";
import { KINDS, sources } from "./sources.js";
import { WORKLOADS, workloads } from "./workloads.js";

// npm run bench -- [main] [safety] [sources] [--runs 3] [--lines 200000] [--memory-lines 2000000] [--workloads A,F,G,H]
//   [--documents 5000] [--posts 500] [--concurrency 1,4,16] [--rows 200000] [--workbook-rows 50000] [--kinds json,sql]
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string", default: "3" },
    /** Of the main job: expense lines, those of the workload about memory, and which workloads. */
    lines: { type: "string", default: "200000" },
    "memory-lines": { type: "string", default: "2000000" },
    workloads: { type: "string", default: "A,F,G,H" },
    /** Of the cost of safety: documents for the embedded ledger, and for HTTP. */
    documents: { type: "string", default: "5000" },
    posts: { type: "string", default: "500" },
    concurrency: { type: "string", default: "1,4,16" },
    /** Of the memory of sources: rows, and those of a workbook. */
    rows: { type: "string", default: "200000" },
    "workbook-rows": { type: "string", default: "50000" },
    kinds: { type: "string", default: KINDS.join(",") },
  },
});
const runs = positive("runs", values.runs);
const benchmarks: Readonly<Record<string, () => Promise<void>>> = {
  main: () =>
    workloads({
      runs,
      lines: positive("lines", values.lines),
      memoryLines: positive("memory-lines", values["memory-lines"]),
      chosen: listed("workload", values.workloads, WORKLOADS),
    }),
  safety: () =>
    safety({
      runs,
      documents: positive("documents", values.documents),
      posts: positive("posts", values.posts),
      concurrency: values.concurrency.split(",").map((each) => positive("concurrency", each)),
    }),
  sources: () =>
    sources({
      rows: positive("rows", values.rows),
      workbookRows: positive("workbook-rows", values["workbook-rows"]),
      kinds: listed("source", values.kinds, KINDS),
    }),
};
const unknown = positionals.find((name) => !Object.hasOwn(benchmarks, name));
if (unknown !== undefined) throw new Error(`no benchmark \`${unknown}\`; there are ${Object.keys(benchmarks).join(" and ")}`);

console.log(`Node ${process.version}; ${runs} runs in turn, fresh processes; median (min–max)`);
for (const [name, run] of Object.entries(benchmarks)) if (positionals.length === 0 || positionals.includes(name)) await run();

function listed(what: string, text: string, known: readonly string[]): readonly string[] {
  const names = text.split(",");
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`no ${what} \`${unknown}\`; there are ${known.join(", ")}`);
  return names;
}

function positive(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${name} is \`${text}\`, expected a whole number from 1`);
  return number;
}
