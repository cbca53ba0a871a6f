import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { loadWorkspace, type Workspace } from "../../src/config/load.js";
import type { Target } from "../../src/connectors/contract.js";
import { connectors } from "../../src/connectors/index.js";
import { FaultyErp } from "../erp/faulty-erp.js";
import { minor, type Voucher } from "../erp/voucher.js";
import { HttpLedger } from "./http-ledger.js";
import { aDocument, afterThisTest, aLine, itemOf, only, problemOf, SECRETS } from "./http-setup.js";
import { runnerOf } from "./runner.js";
import { targetConformance } from "./target-conformance.js";

const EXAMPLE = fileURLToPath(new URL("../../fixtures/connectors/http/example", import.meta.url));
const IN_STEPS = fileURLToPath(new URL("../../fixtures/connectors/http/steps", import.meta.url));

/** The example project in a folder of its own, with a ledger behind it. */
async function example(ledger: HttpLedger): Promise<Workspace & { folder: string }> {
  return exampleAt(EXAMPLE, await ledger.start());
}

async function exampleAt(example: string, url: string): Promise<Workspace & { folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), "http-"));
  cpSync(example, folder, { recursive: true });
  const env = { ERP_URL: url, ERP_TOKEN_URL: `${url}/token`, ERP_CLIENT_SECRET: SECRETS.clientSecret };
  const workspace = await loadWorkspace(join(folder, "sync.yaml"), { env, connectors });
  expect(workspace.problems).toEqual([]);
  return { ...workspace, folder };
}

function open({ pipelines }: Workspace): Target {
  const { target } = only(pipelines);
  const context = {
    folder: "/",
    timeZone: "Asia/Shanghai",
    now: () => new Date(),
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
    signal: new AbortController().signal,
  };
  return target.connector.target?.open(target.connectionOptions as never, target.options as never, context) as Target;
}

targetConformance("http", async () => {
  const ledger = new HttpLedger(SECRETS.clientSecret);
  const workspace = await example(ledger);
  return {
    open: () => open(workspace),
    document: (key) => aDocument({ key }),
    refused: (key) => aDocument({ key, lines: [aLine(), aLine({ side: "credit", account: "224101", amountMinor: 9_999n })] }),
    balances: () => ledger.balances(),
    dispose: () => {
      ledger.stop();
      rmSync(workspace.folder, { recursive: true });
    },
  };
});

targetConformance("http, into an ERP that saves, submits and audits,", async () => {
  const folder = mkdtempSync(join(tmpdir(), "http-erp-"));
  const erp = new FaultyErp({ journal: join(folder, "erp.jsonl"), seed: 0, refusesDuplicates: true, inSteps: true, auth: null });
  const url = `http://127.0.0.1:${await erp.listen(0)}`;
  await fetch(`${url}/control`, { method: "POST", body: JSON.stringify({ pageSize: 3 }) });
  const workspace = await exampleAt(IN_STEPS, url);
  return {
    open: () => open(workspace),
    document: (key) => aDocument({ key }),
    refused: (key) => aDocument({ key, lines: [aLine(), aLine({ side: "credit", account: "224101", amountMinor: 9_999n })] }),
    balances: () => bookedBalances(url),
    dispose: () => {
      erp.close();
      rmSync(folder, { recursive: true });
      rmSync(workspace.folder, { recursive: true });
    },
  };
});

/** In cents, by account; accounts at zero and drafts are left out. */
async function bookedBalances(url: string): Promise<Map<string, bigint>> {
  const { vouchers } = (await (await fetch(`${url}/books`)).json()) as { vouchers: readonly Voucher[] };
  const cents = new Map<string, bigint>();
  for (const { account, side, amount } of vouchers.filter(({ status }) => status === "audited").flatMap(({ lines }) => lines))
    cents.set(account, (cents.get(account) ?? 0n) + (side === "debit" ? minor(amount) : -minor(amount)));
  return new Map([...cents].filter(([, balance]) => balance !== 0n));
}

describe("the example", () => {
  async function started() {
    const ledger = new HttpLedger(SECRETS.clientSecret);
    const workspace = await example(ledger);
    afterThisTest(() => {
      ledger.stop();
      rmSync(workspace.folder, { recursive: true });
    });
    return { ledger, workspace, folder: workspace.folder };
  }

  test("is the one the README shows, and so is the one in steps", () => {
    const readme = readFileSync(new URL("../../src/connectors/http/README.md", import.meta.url), "utf8");
    for (const example of [EXAMPLE, IN_STEPS]) {
      for (const name of readdirSync(example).filter((each) => each.endsWith(".yaml"))) {
        const text = readFileSync(join(example, name), "utf8");
        const shown = name === "sync.yaml" ? text.slice(text.indexOf("connections:")) : text.slice(text.indexOf("target:"));
        expect(readme).toContain(shown);
      }
    }
  });

  test("a closed period is told from a refusal", async () => {
    const { workspace } = await started();
    const target = open(workspace);
    const outcome = only(await target.post([itemOf(aDocument({ date: "2026-09-30" }))]));
    expect(problemOf(outcome)).toMatchObject({ code: "TARGET_PERIOD_CLOSED", message: "the target refused it: 期间 2026-09 已结账" });
    await target.close?.();
  });

  test("a whole run: each claim in the books once and to the cent, the refused one listed, a second run sends nothing new", async () => {
    const { ledger, workspace, folder } = await started();
    const pipeline = only(workspace.pipelines);
    const { store, run } = runnerOf(pipeline, folder);
    afterThisTest(() => store.close());
    await run();
    const readme = readFileSync(new URL("../../src/connectors/http/README.md", import.meta.url), "utf8");
    const sent = ledger.bodies.find((body) => body.includes("BX-001"))?.replace(/[0-9a-f]{64}/, "…");
    expect(readme.replaceAll("\n ", "")).toContain(sent);
    const waiting = () => store.quarantine.list(store.pipelineId(pipeline.name)).map((item) => [item.key, item.problem.message]);
    const refused = [["BX-003", "the target refused it: 凭证不能保存; 科目 999999 不存在"]];
    expect(waiting()).toEqual(refused);
    expect(ledger.vouchers.map(({ externalId }) => externalId).sort()).toEqual([
      "expense-to-erp/BX-001/1",
      "expense-to-erp/BX-002/1",
      "expense-to-erp/BX-004/1",
    ]);
    const total = 120_050n + 10n + 1_234_567_890_123_456n;
    expect(ledger.balances()).toEqual(
      new Map([
        ["660201", total - 10n],
        ["660202", 10n],
        ["224101", -total],
      ]),
    );
    expect(ledger.tokens.length).toBe(1);
    await run();
    expect(ledger.vouchers.length).toBe(3);
    expect(waiting()).toEqual(refused);
  });
});
