import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { ExpectedNight } from "../../fixtures/hesi/expected.js";
import { allVouchers, balanceOf } from "../real/books.js";
import { Project, type RunAnswer, repository } from "../real/project.js";
import { cents } from "../real/rows.js";

const PIPELINE = "expense-to-gl";
const NIGHTS = ["报销明细-2026-11-20.csv", "报销明细-2026-11-21.csv"] as const;

/** The shipped pipeline, with one voucher a day and currency for all claims instead of one for each. */
function dailyVouchers(): Project {
  const project = Project.copy({ pipelines: "pipelines", schemas: "schemas" }, "pipelines", ".demo/exports");
  const file = path.join(project.folder, "pipelines/expense-to-gl.yaml");
  const day = '${date_of(审批完成时间 ?? 更新时间, "Asia/Shanghai")}';
  const changes: readonly (readonly [string, string])[] = [
    ["key: ${单据编号} # one claim, one voucher", `key: ${day} \${币种}\n  batch: \${单据编号}`],
    ["text: 报销 ${单据编号} ${报销人}", `text: 费用报销 ${day}`],
    ["- each: document\n      credit: ${sum(价税合计)}", "- credit: ${价税合计}\n      text: 应付员工"],
    ["merge by: [account, 部门, text]", "merge by: [account, 部门, text, partner]"],
  ];
  let text = readFileSync(file, "utf8");
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`the shipped pipeline has no ${from}`);
    text = text.replace(from, () => to);
  }
  writeFileSync(file, text);
  return project;
}

function expectedTotals(night: 1 | 2): string[] {
  const file = path.join(repository, `fixtures/hesi/expected-night-${night}.json`);
  const { totals } = JSON.parse(readFileSync(file, "utf8")) as ExpectedNight;
  return Object.entries(totals)
    .flatMap(([currency, accounts]) =>
      Object.entries(accounts).map(([account, { debit, credit }]) => `${currency} ${account} ${cents(debit)} ${cents(credit)}`),
    )
    .sort();
}

const bookedTotals = (project: Project): string[] =>
  balanceOf(project)
    .map(({ currency, account, debit, credit }) => `${currency} ${account} ${cents(debit)} ${cents(credit)}`)
    .sort();

type Counts = RunAnswer["counts"] & { readonly supplemented: number };

describe("one voucher a day for all claims, over two nights", () => {
  const project = dailyVouchers();
  afterAll(() => project.remove());

  it("comes to the same totals as one voucher for each claim, and a claim with a fault stops no other", () => {
    project.deliver(NIGHTS[0], readFileSync(path.join(repository, "fixtures/hesi", NIGHTS[0])));
    const { code, counts } = project.run(PIPELINE);
    expect(code).toBe(3);
    expect(counts.posted).toBeLessThan(60);
    expect(bookedTotals(project)).toEqual(expectedTotals(1));
    expect(allVouchers(project).every(({ kind }) => kind === "journal")).toBe(true);
  });

  it("takes the changes of the second night as supplements and differences, and reverses nothing", () => {
    project.deliver(NIGHTS[1], readFileSync(path.join(repository, "fixtures/hesi", NIGHTS[1])));
    const { counts } = project.run(PIPELINE);
    expect(counts).toMatchObject({ replaced: 0, reversed: 0 });
    expect((counts as Counts).supplemented).toBeGreaterThan(10);
    expect(bookedTotals(project)).toEqual(expectedTotals(2));
    const texts = allVouchers(project).map(({ text }) => text);
    expect(texts.some((text) => text.endsWith("（补充）"))).toBe(true);
    expect(texts.some((text) => text.endsWith("（差异）"))).toBe(true);
    const waiting = project.quarantine(PIPELINE).map(({ problem }) => problem.message);
    for (const claim of ["BX26110353", "BX26110354", "BX26110356", "BX26110357", "BX26110398"])
      expect(waiting.filter((message) => message.includes(`cannot be booked: \`${claim}\`:`))).toHaveLength(1);
  });

  it("has nothing to do after that", () => {
    expect(project.run(PIPELINE).counts as Counts).toMatchObject({ posted: 0, supplemented: 0, replaced: 0, reversed: 0 });
    expect(bookedTotals(project)).toEqual(expectedTotals(2));
  });
});
