import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { readXlsx } from "hucre/xlsx";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { balanceOf, standingVouchers } from "./books.js";
import { Project, type RunAnswer, realInput } from "./project.js";
import { cents } from "./rows.js";

const statement = path.join(realInput, "cn-statements/wechat-records.xlsx");
const isHere = existsSync(statement);
const PIPELINE = "statement-to-journal";

describe.skipIf(!isHere)(isHere ? "a 微信支付 statement as published" : "a 微信支付 statement (skipped: needs ../shared/real)", () => {
  const project = isHere ? Project.copy({ "test/real/wechat": "." }, ".", "input") : undefined;
  const theProject = (): Project => project as Project;
  let first: RunAnswer;
  /** As another library reads the sheet whose amounts are text, so that nothing here went through a float: `¥548.58`. */
  let rows: string[][];

  beforeAll(async () => {
    if (!isHere) return;
    const content = readFileSync(statement);
    theProject().deliver("微信支付账单.xlsx", content);
    first = theProject().run(PIPELINE);
    const { sheets } = await readXlsx(content);
    rows = (sheets[0]?.rows ?? []).slice(18).map((row) => row.map((cell) => String(cell).trim()));
  }, 60_000);

  afterAll(() => project?.remove());

  it("is posted row by row, and nothing waits", () => {
    expect(rows.length).toBe(27);
    expect(first.counts).toMatchObject({ read: 27, posted: 27, waiting: 0 });
    expect(theProject().quarantine(PIPELINE)).toEqual([]);
  });

  it("has each date and amount to the cent", () => {
    const wanted = rows.map((row) => `${row[0]?.slice(0, 10)} ${cents((row[5] as string).replace("¥", ""))}`).sort();
    const posted = standingVouchers(theProject()).map(({ date, lines }) => {
      const credits = lines.map((line) => (line.credit === undefined ? 0n : (cents(line.credit) as bigint)));
      return `${date} ${credits.reduce((sum, each) => sum + each, 0n)}`;
    });
    expect(posted.sort()).toEqual(wanted);
  });

  it("gives the totals that the statement adds up to", () => {
    const total = (isWanted: (row: string[]) => boolean, amount = 5): bigint =>
      rows.filter(isWanted).reduce((sum, row) => sum + (cents((row[amount] as string).replace(/^\D*/, "")) as bigint), 0n);
    const balance = (account: string): bigint | null =>
      cents(balanceOf(theProject()).find((row) => row.account === account)?.closing ?? "");
    expect(balance("6602")).toBe(total((row) => row[4] === "支出"));
    expect(balance("6301")).toBe(-total((row) => row[4] === "收入"));
    expect(balance("6603")).toBe(total((row) => row[1] === "零钱提现", 10));
    // 548.58, which the workbook holds as 548.58000000000004.
    expect(balance("2241")).toBe(54_858n);
  });

  it("changes nothing when it is delivered again", () => {
    theProject().deliver("微信支付账单(1).xlsx", readFileSync(statement));
    expect(theProject().run(PIPELINE).counts).toMatchObject({ posted: 0, waiting: 0 });
  });
});
