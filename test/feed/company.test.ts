import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RunningErp } from "../erp/running-erp.js";
import { BillsProject, makeBills, PIPELINE } from "./bills.js";
import { erpTarget } from "./erp-target.js";
import { startSync } from "./program.js";

const BILLS = 12;
const OTHER = "more-to-gl";

let project: BillsProject;
let erp: RunningErp;
beforeEach(async () => {
  project = new BillsProject();
  erp = await RunningErp.start({ journal: join(project.folder, "journal.jsonl") });
});
afterEach(async () => {
  await erp.stop();
  project.dispose();
});

test("two pipelines of one company, started together, post one after the other", { timeout: 120_000 }, async () => {
  const [connection, target] = erpTarget({ url: erp.url, quiet: "1s", concurrency: 1 });
  project.target(`${connection}    company: "001"\n`, target);
  const text = readFileSync(join(project.folder, `${PIPELINE}.yaml`), "utf8");
  project.write(`${OTHER}.yaml`, text.replace(`pipeline: ${PIPELINE}`, `pipeline: ${OTHER}`).replace("files: exports/", "files: more/"));
  project.export("a", makeBills(BILLS));
  project.export("../more/a", makeBills(BILLS, 500));
  await erp.control({ slowMs: 150 });
  const ended = await Promise.all([PIPELINE, OTHER].map((name) => startSync(project.folder, "run", name, "--quiet").ended));
  expect(ended.map(({ code, err }) => [code, err])).toEqual([
    [0, ""],
    [0, ""],
  ]);
  const whose = (await erp.journal()).booked.map(({ externalNo }) => externalNo.split("/")[0]);
  expect(whose).toHaveLength(2 * BILLS);
  const turns = whose.filter((name, index) => name !== whose[index - 1]);
  expect(turns).toHaveLength(2);
});
