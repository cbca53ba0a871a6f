import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { loadWorkspace } from "../../src/config/load.js";
import { connectors } from "../../src/connectors/index.js";
import { afterThisTest, only, type Reply, SECRETS, serve } from "./http-setup.js";
import { openSource, queryOf } from "./http-source-setup.js";
import { runnerOf } from "./runner.js";

const EXAMPLE = fileURLToPath(new URL("../../fixtures/connectors/http/source", import.meta.url));
const README = readFileSync(new URL("../../src/connectors/http/README.md", import.meta.url), "utf8");

test("the README shows the example", () => {
  const connections = readFileSync(join(EXAMPLE, "sync.yaml"), "utf8");
  expect(README).toContain(connections.slice(connections.indexOf("  claims:"), connections.indexOf("  books:")));
  const pipeline = readFileSync(join(EXAMPLE, "claims-to-books.yaml"), "utf8");
  expect(README).toContain(pipeline.slice(pipeline.indexOf("source:"), pipeline.indexOf("\ndocument:")));
});

interface Claim {
  readonly code: string;
  readonly updateTime: number;
  readonly details: readonly object[];
  readonly isDeleted?: boolean;
}

const line = (detailId: string, standard: string, account = "660201") => ({ detailId, amount: { standard }, account });

/** A claims system: lists by the time of the last change, at most so many days in one answer, and gives lines in the detail only. */
async function claimsSystem(claims: Map<string, Claim>) {
  let tokens = 0;
  let expiresAt = 0;
  const at = (text: string): number => Date.parse(`${text.replace(" ", "T")}+08:00`);
  return serve(({ method, url, body }): Reply => {
    const query = queryOf(url);
    const path = new URL(url, "http://x").pathname.replace("/api", "");
    if (path === "/auth/token") {
      if (method !== "POST" || (JSON.parse(body) as { appSecret?: string }).appSecret !== SECRETS.clientSecret) return { status: 403 };
      tokens += 1;
      expiresAt = Date.now() + 7_200_000;
      return { body: { value: { accessToken: `${SECRETS.accessToken}${tokens}`, expireTime: expiresAt } } };
    }
    if (query["accessToken"] !== `${SECRETS.accessToken}${tokens}`) return { status: 403, body: { message: "未授权" } };
    const id = /^\/claims\/(.+)$/.exec(path)?.[1];
    if (id !== undefined) {
      const claim = claims.get(id);
      if (claim === undefined || claim.isDeleted === true) return { status: 412, body: { message: "单据已删除" } };
      return { body: { value: { details: claim.details } } };
    }
    const [from, to] = [at(query["startDate"] ?? ""), at(query["endDate"] ?? "")];
    if (to - from > 31 * 86_400_000) return { body: { success: false, message: "查询区间不能超过31天" } };
    const found = [...claims]
      .filter(([, { updateTime }]) => updateTime >= from && updateTime < to)
      .sort(([, a], [, b]) => a.updateTime - b.updateTime)
      .map(([key, { code, updateTime }]) => ({ id: key, code, updateTime, payDate: "2026-11-20", submitter: { code: "E001" } }));
    const start = Number(query["start"]);
    return { body: { count: found.length, items: found.slice(start, start + Number(query["count"])) } };
  });
}

test("runs night after night: each claim once and to the cent, changed ones reversed, deleted ones listed", async () => {
  const day = (text: string): number => Date.parse(`${text}+08:00`);
  const claims = new Map<string, Claim>([
    [
      "ID_1",
      { code: "BX-001", updateTime: day("2026-10-05T09:00:00.123"), details: [line("d1", "1200.50"), line("d2", "0.10", "660202")] },
    ],
    ["ID_2", { code: "BX-002", updateTime: day("2026-11-20T10:00:00"), details: [line("d1", "12345678901234.56")] }],
    ["ID_3", { code: "BX-003", updateTime: day("2026-11-20T10:00:00"), details: [line("d1", "3.00")], isDeleted: true }],
  ]);
  for (let n = 0; n < 150; n += 1)
    claims.set(`ID_m${n}`, { code: `BX-M${n}`, updateTime: day("2026-11-21T08:00:00") + n, details: [line("d1", "1.01")] });
  const { url, received } = await claimsSystem(claims);

  const folder = mkdtempSync(join(tmpdir(), "http-source-"));
  afterThisTest(() => rmSync(folder, { recursive: true }));
  cpSync(EXAMPLE, folder, { recursive: true });
  const env = { CLAIMS_URL: `${url}/api`, CLAIMS_SECRET: SECRETS.clientSecret };
  const { pipelines, problems } = await loadWorkspace(join(folder, "sync.yaml"), { env, connectors });
  expect(problems).toEqual([]);
  const pipeline = only(pipelines);
  let now = new Date("2026-11-22T02:00:00+08:00");
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, Math.min(ms, 10)));
  const { store, run } = runnerOf(pipeline, folder, { now: () => now, sleep });
  afterThisTest(() => store.close());
  const waiting = () => store.quarantine.list(store.pipelineId(pipeline.name)).map((item) => item.problem.message);

  const first = await run();
  expect(first.problems).toEqual([]);
  expect(first.counts).toMatchObject({ posted: 152, waiting: 1 });
  expect(waiting()).toEqual([expect.stringContaining("its detail is not there any more")]);
  expect(first.watermark).toBe(String(day("2026-11-21T08:00:00") + 149));

  // The next night: one amount is corrected and a line is gone; one claim is new. Only the last minute is asked for again.
  received.length = 0;
  now = new Date("2026-11-23T02:00:00+08:00");
  claims.set("ID_1", { code: "BX-001", updateTime: day("2026-11-22T09:00:00"), details: [line("d1", "1200.00")] });
  claims.set("ID_4", { code: "BX-004", updateTime: day("2026-11-22T09:00:00"), details: [line("d1", "0.01")] });
  expect((await run()).counts).toMatchObject({ posted: 1, replaced: 1 });
  const lists = received.filter(({ url: asked }) => asked.includes("startDate"));
  expect(lists.map(({ url: asked }) => queryOf(asked)["startDate"])).toEqual(["2026-11-21 07:59:00", "2026-11-21 07:59:00"]);

  now = new Date("2026-11-24T02:00:00+08:00");
  expect((await run()).counts).toMatchObject({ posted: 0 });
  const books = new Database(join(folder, "books.db"), { readonly: true });
  afterThisTest(() => books.close());
  const balance = books
    .prepare("SELECT account, side, sum(amount_minor) FROM lines GROUP BY account, side ORDER BY account, side")
    .safeIntegers()
    .raw()
    .all();
  // 150 times 1.01, and then 12345678901234.56, 1200.00 and 0.01; what was reversed has gone.
  expect(balance).toEqual([
    ["224101", "credit", 1_234_567_890_123_456n + 15_150n + 120_000n + 1n],
    ["660201", "debit", 1_234_567_890_123_456n + 15_150n + 120_000n + 1n],
    ["660202", "debit", 0n],
  ]);
});

test("each way to sign in that the README shows can be used", async () => {
  const shown = [...README.matchAll(/```yaml\n(auth: [\s\S]*?)```/g)].map(([, text = ""]) => text);
  expect(shown.length).toBe(3);
  const folder = mkdtempSync(join(tmpdir(), "http-source-"));
  afterThisTest(() => rmSync(folder, { recursive: true }));
  const indent = (text: string): string => text.replace(/^(?=.)/gm, "    ");
  const connections = shown
    .map((text, index) => `  c${index}:\n    connector: http\n    url: https://erp.example.com\n${indent(text)}`)
    .join("");
  writeFileSync(join(folder, "sync.yaml"), `project: claims\nstore: store.db\npipelines: none-*.yaml\nconnections:\n${connections}`);
  const env = Object.fromEntries(
    ["HESI_KEY", "HESI_SECRET", "YON_KEY", "YON_SECRET", "ERP_SECRET"].map((name) => [name, `value-of-${name}`]),
  );
  const { project, problems } = await loadWorkspace(join(folder, "sync.yaml"), { env, connectors });
  expect(problems.filter(({ code }) => code !== "CONFIG_NO_PIPELINE")).toEqual([]);
  expect(project?.connections.size).toBe(3);
  for (const { options } of project?.connections.values() ?? []) openSource("https://erp.example.com", { connection: options as never });
});
