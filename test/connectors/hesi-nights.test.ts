import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { loadWorkspace } from "../../src/config/load.js";
import { sandbox } from "../../src/connectors/hesi/sandbox/index.js";
import { connectors } from "../../src/connectors/index.js";
import { afterThisTest } from "./http-setup.js";
import { runnerOf } from "./runner.js";
import { serve } from "./sandbox/serve.js";

const EXAMPLE = fileURLToPath(new URL("../../fixtures/connectors/hesi/example", import.meta.url));

interface Brief {
  readonly id: string;
  readonly code: string;
  readonly state: string;
  readonly voucherNo: string;
}

test("claims go to the books and numbers come back, night after night; a night without news costs a few calls", async () => {
  let now = new Date("2026-12-01T10:00:00+08:00");
  const hesi = await serve(sandbox, { now: () => now });
  const folder = mkdtempSync(join(tmpdir(), "hesi-"));
  afterThisTest(() => rmSync(folder, { recursive: true }));
  cpSync(EXAMPLE, folder, { recursive: true });
  const env = { HESI_URL: hesi.address, HESI_APP_SECURITY: "sandbox-secret" };
  const { pipelines, problems } = await loadWorkspace(join(folder, "sync.yaml"), { env, connectors });
  expect(problems).toEqual([]);
  const night = async (name: string) => {
    const pipeline = pipelines.find((each) => each.name === name);
    if (pipeline === undefined) throw new Error(`there is no ${name}`);
    const { store, run } = runnerOf(pipeline, folder, { now: () => now });
    const result = await run();
    const waiting = store.quarantine.list(store.pipelineId(name)).map((item) => item.problem.code);
    store.close();
    return { ...result, waiting };
  };
  const changed = async (): Promise<Brief[]> => {
    const all = await hesi.control<(Brief & { updateTime: number; active: boolean })[]>("GET", "/inspect/documents?active=true");
    return all.filter(({ updateTime }) => updateTime >= Date.parse("2026-11-29T00:00:00+08:00"));
  };

  const approved = (await changed()).filter(({ state }) => state === "paid" || state === "archived");
  const first = await night("claims-to-books");
  expect(first.problems).toEqual([]);
  expect(first.counts).toMatchObject({ posted: approved.length, waiting: 0 });

  // The ERP's numbers, for what is paid and for one that is not yet.
  const paying = (await changed()).find(({ state }) => state === "paying");
  const told = approved.filter(({ state }) => state === "paid").slice(0, 5);
  const lines = [...told, paying as Brief].map(({ id }, at) => `${id},记-${at + 1},2026-11-30`);
  writeFileSync(join(folder, "numbers.csv"), `单据ID,凭证号,日期\n${lines.join("\n")}\n`);
  now = new Date("2026-12-01T11:00:00+08:00");
  await hesi.control("POST", "/faults", ["lose next 2 on /erpVoucher"]);
  await night("numbers-to-hesi");
  now = new Date("2026-12-01T12:00:00+08:00");
  expect((await night("numbers-to-hesi")).waiting).toEqual(["TARGET_NOT_YET"]);
  const vouchers = await hesi.control<Brief[]>("GET", "/inspect/vouchers");
  expect(vouchers.map(({ id, voucherNo }) => [id, voucherNo]).sort()).toEqual(told.map(({ id }, at) => [id, `记-${at + 1}`]).sort());

  // It is paid: its number is written, and it goes to the books; what we wrote ourselves is no change.
  await hesi.control("POST", "/act/pay", { codes: [paying?.code] });
  now = new Date("2026-12-02T10:00:00+08:00");
  expect(await night("numbers-to-hesi")).toMatchObject({ waiting: [], counts: { posted: 1 } });
  now = new Date("2026-12-02T11:00:00+08:00");
  expect((await night("claims-to-books")).counts).toMatchObject({ posted: 1, replaced: 0, reversed: 0 });

  now = new Date("2026-12-03T10:00:00+08:00");
  await hesi.control("DELETE", "/calls");
  expect((await night("claims-to-books")).counts).toMatchObject({ posted: 0, replaced: 0, reversed: 0, waiting: 0 });
  expect((await night("numbers-to-hesi")).counts).toMatchObject({ posted: 0, replaced: 0, waiting: 0 });
  expect((await hesi.control<{ total: number }>("GET", "/calls")).total).toBeLessThan(10);
}, 60_000);
