import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { loadWorkspace } from "../../src/config/load.js";
import { connectors } from "../../src/connectors/index.js";
import { sandbox } from "../../src/connectors/kingdee/sandbox/index.js";
import { afterThisTest, only } from "./http-setup.js";
import { runnerOf } from "./runner.js";
import { serve } from "./sandbox/serve.js";

const EXAMPLE = fileURLToPath(new URL("../../fixtures/connectors/kingdee/example", import.meta.url));

test("the README shows the example", () => {
  const readme = readFileSync(new URL("../../src/connectors/kingdee/README.md", import.meta.url), "utf8");
  const connections = readFileSync(join(EXAMPLE, "sync.yaml"), "utf8");
  expect(readme).toContain(connections.slice(connections.indexOf("  erp:")));
  const pipeline = readFileSync(join(EXAMPLE, "expense-to-gl.yaml"), "utf8");
  expect(readme).toContain(pipeline.slice(pipeline.indexOf("document:")));
});

interface Claim {
  readonly code: string;
  readonly amounts: readonly string[];
}

const HEADER = "单据编号,行号,支付日期,报销人,工号,金额,科目,部门";
const rowsOf = ({ code, amounts }: Claim): string[] =>
  amounts.map((amount, index) => `${code},${index + 1},2026-11-20,张三,000101,${amount},${index === 0 ? "660203" : "66020101"},0201`);

interface Voucher {
  readonly status: string;
  readonly lines: readonly { readonly FBUSNO: string; readonly FDEBIT: string }[];
}

test("runs night after night while everything goes wrong: each claim once and to the cent, and a quiet night writes nothing", async () => {
  let now = new Date("2026-11-21T02:00:00+08:00");
  const server = await serve(sandbox, { now: () => now });
  const folder = mkdtempSync(join(tmpdir(), "kingdee-example-"));
  afterThisTest(() => rmSync(folder, { recursive: true }));
  cpSync(EXAMPLE, folder, { recursive: true });
  const { user, app_id: appId, app_secret: secret, url } = sandbox.connection(server.address) as Record<string, string>;
  const env = { K3_URL: url, K3_USER: user, K3_APP_ID: appId, K3_APP_SECRET: secret };
  const { pipelines, problems } = await loadWorkspace(join(folder, "sync.yaml"), { env, connectors });
  expect(problems).toEqual([]);
  const pipeline = only(pipelines);
  const sleep = async (ms: number): Promise<void> => {
    now = new Date(now.getTime() + ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  const { store, run } = runnerOf(pipeline, folder, { now: () => now, sleep });
  afterThisTest(() => store.close());
  const deliver = (night: number, claims: readonly Claim[]): void =>
    writeFileSync(join(folder, `报销-${night}.csv`), `${[HEADER, ...claims.flatMap(rowsOf)].join("\n")}\n`);
  const nextNight = async () => {
    now = new Date(now.getTime() + 86_400_000);
    return run();
  };

  await server.control("POST", "/faults", ["lose 10%", "cut after 3 10%", "500 after 10%", "expire 5% on all", "edit lock 5%"]);
  deliver(1, [
    ...Array.from({ length: 25 }, (_, n) => ({ code: `BX-${n}`, amounts: ["100.10", "0.01"] })),
    { code: "BX-LAST", amounts: ["1.00"] },
  ]);
  await run();
  for (let night = 0; night < 4; night += 1) await nextNight();

  // One claim is corrected, and another one is new.
  deliver(2, [
    { code: "BX-0", amounts: ["90.00"] },
    { code: "BX-NEW", amounts: ["0.02", "0.03"] },
  ]);
  for (let night = 0; night < 4; night += 1) await nextNight();
  await server.control("POST", "/faults", []);
  for (let night = 0; night < 2; night += 1) await nextNight();

  const vouchers = await server.control<Voucher[]>("GET", "/inspect/vouchers");
  const keys = vouchers.map(({ lines }) => lines[0]?.FBUSNO ?? "").sort();
  const claims = [...Array.from({ length: 25 }, (_, n) => `BX-${n}`), "BX-LAST", "BX-NEW"];
  const expected = [...claims.map((code) => `expense-to-gl/${code}/1`), "expense-to-gl/BX-0/1/reversal", "expense-to-gl/BX-0/2"];
  expect(keys).toEqual(expected.sort());
  expect(vouchers.every(({ status }) => status === "C")).toBe(true);
  const { accounts, balanced } = await server.control<{ accounts: { account: string; balance: string }[]; balanced: boolean }>(
    "GET",
    "/inspect/trial_balance?status=C",
  );
  expect(balanced).toBe(true);
  // 24 times 100.11, and then 90.00, 1.00 and 0.05.
  expect(accounts.find(({ account }) => account === "224101")?.balance).toBe("-2493.69");

  await server.control("DELETE", "/calls");
  expect((await nextNight()).counts).toMatchObject({ posted: 0, replaced: 0, waiting: 0 });
  const { calls } = await server.control<{ calls: Record<string, number> }>("GET", "/calls");
  expect(Object.keys(calls).filter((route) => /Save|Submit|Audit|Delete/.test(route))).toEqual([]);
});
