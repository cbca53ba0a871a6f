import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { loadWorkspace } from "../../src/config/load.js";
import type { Pipeline } from "../../src/config/pipeline.js";
import { connectors } from "../../src/connectors/index.js";
import type { VoucherFileOptions } from "../../src/connectors/voucher-file/options.js";
import { aFolder, only } from "./voucher-file-setup.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const README = readFileSync(`${root}src/connectors/voucher-file/README.md`, "utf8");
const SHIPPED = readFileSync(`${root}pipelines/u8-files/expense-to-u8.yaml`, "utf8");
const TARGET = SHIPPED.slice(SHIPPED.indexOf("target:"));

/** The shipped project with another target. */
async function loaded(target: string): Promise<Pipeline> {
  const folder = aFolder();
  for (const each of ["pipelines", "schemas"]) cpSync(`${root}${each}`, join(folder, each), { recursive: true });
  for (const each of ["exports", "u8-import"]) mkdirSync(join(folder, ".demo", each), { recursive: true });
  writeFileSync(
    join(folder, "pipelines/u8-files/expense-to-u8.yaml"),
    SHIPPED.replace(TARGET, () => target),
  );
  const { pipelines, problems } = await loadWorkspace(join(folder, "pipelines/u8-files/sync.yaml"), { env: {}, connectors });
  expect(problems).toEqual([]);
  return only(pipelines);
}

test("the README shows the shipped example, and it is a pipeline", async () => {
  expect(README).toContain(TARGET);
  expect((await loaded(TARGET)).target).toMatchObject({ name: "u8", changed: "reverse and repost" });
});

test("the columns that the README shows are columns", async () => {
  const [, shown = ""] = /```yaml\n(target:\n {2}connection: books[\s\S]*?)```/.exec(README) ?? [];
  const { target } = await loaded(shown.replace("connection: books", "connection: u8"));
  const { columns = [] } = target.options as VoucherFileOptions;
  expect(columns.length).toBe(9);
});

test("a code keeps its zeros without quotes", async () => {
  const fill = "fill: { FAccountBookID: 001, FACCBOOKORGID: 0100 }";
  const { target } = await loaded(`target:\n  connection: u8\n  layout: kingdee galaxy\n  ${fill}\n`);
  expect((target.options as VoucherFileOptions).fill).toEqual({ FAccountBookID: "001", FACCBOOKORGID: "0100" });
});
