import { parseArgs } from "node:util";
import { killErpRuns } from "./erp-kills.js";
import { describeKills } from "./figures.js";
import { killLedgerRuns } from "./ledger-kills.js";
import { killStepRuns } from "./steps-kills.js";

/** The long form of the kill tests: `tsx test/kill/long.ts [--kills 300] [--documents 2000] [--seed N] [--only ledger|erp|steps]`. Exits 1 on a difference. */
const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "300" },
    documents: { type: "string", default: "2000" },
    seed: { type: "string", default: "20261120" },
    only: { type: "string" },
  },
});
const [documents, kills, seed] = [Number(values.documents), Number(values.kills), Number(values.seed)];
for (const [name, killRuns] of [
  ["ledger", killLedgerRuns],
  ["erp", killErpRuns],
  ["steps", killStepRuns],
] as const) {
  if (values.only !== undefined && values.only !== name) continue;
  const figures = await killRuns(documents, kills, seed, (histories, done, found) => {
    process.stderr.write(`${name}: history ${histories}, ${done} of ${kills} kills, ${found} faults\n`);
  });
  console.log(describeKills(figures));
  for (const fault of figures.faults) console.error(fault);
  if (figures.faults.length > 0) process.exitCode = 1;
}
