import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { loadWorkspace } from "../../src/config/load.js";
import { sandbox as hesi } from "../../src/connectors/hesi/sandbox/index.js";
import { connectors } from "../../src/connectors/index.js";
import { sandbox as kingdee } from "../../src/connectors/kingdee/sandbox/index.js";
import type { SandboxDefinition } from "../../src/connectors/sandbox/contract.js";
import { serve } from "./sandbox/serve.js";

const PROJECT = fileURLToPath(new URL("../../pipelines/hesi-kingdee/sync.yaml", import.meta.url));

/** What each pipeline of the shipped chain needs to have been done before it. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  "accounts-to-hesi": [],
  "departments-to-hesi": [],
  "projects-to-hesi": [],
  "suppliers-to-hesi": [],
  // People stand in departments.
  "staff-to-hesi": ["departments-to-hesi"],
  "claims-to-vouchers": ["departments-to-hesi", "staff-to-hesi", "projects-to-hesi"],
  "claims-to-payables": ["departments-to-hesi", "staff-to-hesi", "projects-to-hesi"],
  "claims-to-budget": ["departments-to-hesi"],
  "invoices-to-payables": ["suppliers-to-hesi"],
  // Nothing is paid, and no card is made, before the claim was to be booked.
  "claims-to-payments": ["staff-to-hesi", "claims-to-vouchers"],
  "assets-to-cards": ["claims-to-vouchers"],
  // What became of claims goes back when it is there.
  "payments-to-hesi": ["claims-to-payments"],
  "vouchers-to-hesi": ["claims-to-vouchers"],
};

test("the shipped chain runs each pipeline after those it needs", async () => {
  const { pipelines, problems } = await loadWorkspace(PROJECT, { env: {}, connectors });
  expect(problems).toEqual([]);
  expect(Object.fromEntries(pipelines.map(({ name, after }) => [name, after]))).toEqual(NEEDS);
  const order = pipelines.map(({ name }) => name);
  const early = Object.entries(NEEDS).filter(([name, needs]) => needs.some((each) => order.indexOf(each) > order.indexOf(name)));
  expect(early).toEqual([]);
});

type Written = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

test.each([
  ["hesi", hesi],
  ["erp", kingdee],
  ["erp-e02", kingdee],
] as const)("the connection `%s` is the sandbox as `sync sandbox` starts it", (name, definition: SandboxDefinition) => {
  const { connections } = parse(readFileSync(PROJECT, "utf8")) as { readonly connections: Written };
  const written = connections[name] ?? {};
  const served = definition.connection(`http://127.0.0.1:${definition.port}`);
  expect(written["connector"]).toBe(definition.name);
  expect(served).toMatchObject(Object.fromEntries(Object.entries(written).filter(([key]) => key in served)));
  expect(Object.keys(written)).toContain("url");
});

test("what the pipelines name by an id of the expense system is there in its sandbox, and what makes a card can be claimed", async () => {
  const served = await serve(hesi, { now: () => new Date("2026-12-01T02:03:04Z") });
  const entities = await served.control<{ id: string; name: string }[]>("GET", "/inspect/entities");
  const named = (pipeline: string): string =>
    /^ {2}entity: (\w+)/m.exec(readFileSync(new URL(`${pipeline}.yaml`, `file://${PROJECT}`), "utf8"))?.[1] ?? "";
  expect(Object.fromEntries(entities.map(({ id, name }) => [name, id]))).toEqual({
    供应商: named("suppliers-to-hesi"),
    会计科目: named("accounts-to-hesi"),
  });
  const classes = readFileSync(new URL("lookups/asset-classes.csv", `file://${PROJECT}`), "utf8");
  const types = await served.control<{ name: string; code: string }[]>("GET", "/inspect/fee-types");
  expect(types.filter(({ name }) => classes.includes(`${name},`))).toMatchObject([{ name: "电子设备", code: "ASSET-IT" }]);
});
