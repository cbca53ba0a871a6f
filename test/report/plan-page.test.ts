import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { unknownDocument } from "../../src/model/document.js";
import { prose } from "../../src/report/markup.js";
import { writePlanPage } from "../../src/report/plan-page.js";
import { aCreate, aDocument, aLine, aPlan, aReplace, aWait, encoded, pageOf, posted, usualNight } from "./sample-plan.js";

/** The page as a person reads it: no markup, no style, no script. */
function textOf(page: string): string {
  return page
    .replace(/<(style|script)>[\s\S]*?<\/\1>/g, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&amp;/g, "&")
    .replace(/\s+/g, " ");
}

/** The row of a table, or the document, that a name stands in. */
function partOf(page: string, name: string, tag: "tr" | "details" | "li"): string {
  const part = page
    .split(`<${tag}`)
    .slice(1)
    .find((each) => textOf(`<${tag}${each}`).includes(name));
  if (part === undefined) throw new Error(`no ${tag} with ${name}`);
  return textOf(`<${tag}${part.split(`</${tag}>`)[0]}`);
}

describe("what the page says", () => {
  test("in English", async () => {
    const text = textOf(await pageOf(usualNight()));
    expect(text).toContain("Nothing on this page has been booked yet.");
    expect(text).toContain("已审批报销单 → 总账凭证");
    expect(text).toContain("Booked into books (connector ledger)");
    expect(text).toContain("2026-11-21 02:03 (Asia/Shanghai) by lina on night , run 12");
    expect(text).toContain("must be approved by li.na or wang.qiang");
    expect(text).toContain("5f0c9a7e1b2d");
    expect(text).toContain("4 documents that books does not have yet: booked for the first time, together 480.00 CNY.");
    expect(text).toContain("first the old version is reversed, together 120.00 CNY, then the new one is booked, together 150.00 CNY.");
    expect(text).toContain("1 document that the source no longer wants: reversed with an opposite document, together 120.00 CNY.");
    expect(text).toContain("was not asked beforehand whether it takes 5 documents");
    expect(text).toContain('For 1 document, what stands under "before" was read in books');
    expect(text).toContain('For 1 document, what stands under "before" is what we booked');
    expect(text).toContain("Money moved in either direction: 870.00 CNY . Refunds, negative amounts");
    expect(text).toContain("Run 11, 2026-11-20 02:00");
  });

  test("in Chinese", async () => {
    const page = await pageOf(usualNight(), "zh");
    expect(page).toContain('<html lang="zh-CN">');
    const text = textOf(page);
    expect(text).toContain("本页内容尚未入账");
    expect(text).toContain("须由 li.na 或 wang.qiang 批准");
    expect(text).toContain("4 张单据在 books 中尚不存在，首次入账，共 480.00 CNY。");
    expect(text).toContain("先冲销原单据，共 120.00 CNY，再按新内容入账，共 150.00 CNY。");
    expect(text).toContain("没有对应的科目或编码 (1)");
    expect(text).toContain("借贷不平 (1)");
    expect(text).toContain("按部门");
    expect(text).toContain("会计期间已结账");
    expect(text).toContain("BX26110007 程序原文：debit 120.00 and credit 100.00 differ by 20.00 CNY");
  });

  test("counts and money of each kind", async () => {
    const page = await pageOf(usualNight());
    expect(partOf(page, "New documents", "tr")).toMatch(/New documents 4 480\.00 CNY $/);
    expect(partOf(page, "Replaced documents", "tr")).toMatch(/1 150\.00 CNY 120\.00 CNY $/);
    expect(partOf(page, "Reversed documents", "tr")).toMatch(/1 120\.00 CNY $/);
    expect(partOf(page, "Held documents", "tr")).toMatch(/Held documents, not booked 1 \(120\.00 CNY\) $/);
    expect(partOf(page, "In all", "tr")).toMatch(/= In all 6 630\.00 CNY 240\.00 CNY $/);
    // The list of what waits names the held document too; it is not counted twice.
    expect(partOf(page, "Waiting, not in this plan", "tr")).toMatch(/plan 2 $/);
  });

  test("what waits stands under its cause, with what helps and where it was found", async () => {
    const page = await pageOf(usualNight());
    const item = partOf(page, "BX26110006", "li");
    expect(item).toContain("科目 has no row for 打车费");
    expect(item).toContain("报销明细-2026-11-20.csv, line 12, column 费用类型 · waits since 2026-11-21 02:00");
    expect(item).toContain("For IT: add a row to lookups/expense-accounts.csv");
    expect(textOf(page)).toContain("No account, or the like, is assigned to a value (1) Add the value to the table that is named");
    expect(page).not.toContain("BX26090004</b> the period");
    expect(textOf(page)).toContain("is booked, after another approval, once its cause is gone");
    expect(textOf(await pageOf({ ...usualNight(), head: { asks: null } }))).toContain("is booked once its cause is gone");
  });

  test("a changed document shows each value before and after, in words and by a sign", async () => {
    const shown = partOf(await pageOf(usualNight()), "BX26110002", "details");
    expect(shown).toContain("~ replaced BX26110002 2026-11-20 150.00 CNY");
    expect(shown).toContain('booked as 2026-11 记-0007 , 2026-11-20 02:00 · "before" was read in the target · checked by us only');
    expect(shown).toContain("Papers attached 2 3");
    expect(shown).toContain("~ changed 660201 差旅费 高铁票 部门 D01 − was 120.00 + now 150.00");
    expect(shown).not.toContain("as before");
  });

  test("lines that came and went are told apart from lines that changed", async () => {
    const before = aDocument({
      lines: [aLine(), aLine({ account: "660202", text: "招待" }), aLine({ side: "credit", account: "224101", amountMinor: 24_000n })],
    });
    const after = aDocument({
      lines: [aLine(), aLine({ account: "660203", text: "办公" }), aLine({ side: "credit", account: "224101", amountMinor: 24_000n })],
    });
    const shown = partOf(await pageOf({ changes: [aReplace(before, after)] }), "BX26110001", "details");
    expect(shown).toMatch(/= as before 660201 .* \+ new 660203 办公 .* = as before 224101 .* − gone 660202 招待/);
  });

  test("a preview says that nobody can approve it", async () => {
    const text = textOf(await pageOf({ ...usualNight(), isSaved: false }));
    expect(text).toContain("Preview only. Nothing on this page has been booked. This plan was not saved, so it cannot be approved");
    expect(text).not.toContain("must be approved");
    expect(text).not.toContain("Before you approve");
  });

  test.each([
    [{ needed: 2 }, "two different people of li.na and wang.qiang must approve it"],
    [{ needed: null }, "must be approved by li.na or wang.qiang ; by two of them where the amount is above the pipeline's limit"],
    [{ head: { asks: null }, needed: null }, "nobody has to approve it; sync apply books it"],
  ] as const)("who must approve: %j", async (given, said) => {
    expect(textOf(await pageOf(given))).toContain(said);
  });

  test("approvals in the file are shown, and not vouched for", async () => {
    const said = {
      plan: "p",
      hash: "h",
      by: "li.na",
      user: "lina",
      host: "desk",
      at: "2026-11-21T01:00:00.000Z",
      reason: "compared",
      signature: null,
    };
    const text = textOf(await pageOf({ approvals: [said] }));
    expect(text).toContain("li.na , 2026-11-21 09:00, not signed: compared");
    expect(text).toContain("Whether they count is checked when the plan is applied.");
  });

  test("a plan of nothing says so", async () => {
    const text = textOf(await pageOf({ head: { before: null } }));
    expect(text).toContain("Nothing: this plan books nothing and takes nothing back.");
    expect(text).toContain("Nothing was booked by this pipeline before.");
    expect(text).toContain("There are none in this plan.");
  });

  test("amounts are exact, in the places of their currency, on the side they stand", async () => {
    const lines = [
      aLine({ amountMinor: 900_719_925_474_099_301n }),
      aLine({ side: "credit", account: "2", amountMinor: 900_719_925_474_099_301n }),
    ];
    const yen = aDocument({ key: "Y", currency: "JPY", lines });
    const dinar = aDocument({ key: "K", currency: "KWD", lines });
    const page = await pageOf({ changes: [aCreate(yen), aCreate(dinar)] });
    expect(partOf(page, "new Y", "details")).toContain("900,719,925,474,099,301 JPY");
    expect(partOf(page, "new K", "details")).toContain("900,719,925,474,099.301 KWD");
  });

  test("documents without sides have one amount, and master data has its values", async () => {
    const payable = aDocument({ type: "payable", key: "P1", fields: { supplier: "S9" }, lines: [aLine({ fields: { tax: "6.00" } })] });
    const entity = aDocument({
      type: "entity",
      key: "D01",
      date: "",
      currency: "",
      lines: [],
      attachments: 0,
      fields: { kind: "department", name: "财务部" },
    });
    const renamed = { ...entity, fields: { ...entity.fields, name: "财务与税务部" } };
    const page = await pageOf({
      changes: [aCreate(payable), { ...aCreate(renamed), change: "update", posting: posted(), before: encoded(entity) }],
    });
    expect(partOf(page, "P1", "details")).toMatch(
      /payable · 2 papers attached · supplier S9 Account and text Amount 660201 差旅费 高铁票 部门 D01 · tax 6\.00 120\.00/,
    );
    expect(partOf(page, "~ corrected D01", "details")).toContain("name 财务部 财务与税务部");
  });

  test("what nobody can tell is said to be unknown, never shown as nothing", async () => {
    const { key } = aDocument();
    const unknown = encoded(unknownDocument(key));
    const gone = { reference: "记-0099" };
    const shown = partOf(await pageOf({ changes: [{ change: "reverse", key, posting: posted(), before: unknown, gone }] }), key, "details");
    expect(shown).toContain("What was booked is not known");
    expect(shown).toContain("no longer in the target, cancelled there by 记-0099");
    expect(shown).not.toContain("1970");
  });

  test("a batch may be booked while some of its members wait; any other document that is booked no longer waits", async () => {
    const batch = aDocument({ key: "B1", members: ["m1"] });
    const one = aDocument({ key: "BX1" });
    const waits = [aWait("B1", "MAP_FAILED", "1 of 2 members waits"), aWait("BX1", "MAP_FAILED", "it did, until now")];
    const page = await pageOf({ changes: [aCreate(batch), aCreate(one)], waits });
    expect(page).toContain("1 of 2 members waits");
    expect(page).not.toContain("it did, until now");
  });
});

describe("amounts", () => {
  test("are drawn with their numbers beside them; what is taken back lies left of zero", async () => {
    const page = await pageOf(usualNight());
    expect(partOf(page, "Total (2)", "tr")).toContain("390.00 390.00");
    const [, taken = "", booked = ""] = /2026-10<\/span>(<svg[\s\S]*?<\/svg>)[\s\S]*?2026-11<\/span>(<svg[\s\S]*?<\/svg>)/.exec(page) ?? [];
    expect(taken).toContain('<rect class="d" x="0" y="1" width="190" height="8"/>');
    expect(booked).toContain('<rect class="d" x="190" y="1" width="810" height="8"/>');
  });

  test("the department comes before other dimensions", async () => {
    const page = await pageOf(usualNight());
    expect(page.indexOf("Per 部门")).toBeGreaterThan(page.indexOf("Per account"));
    expect(page.indexOf("Per 部门")).toBeLessThan(page.indexOf("Per 项目"));
  });

  test("of many accounts the largest are drawn, and all are in a table below", async () => {
    const accounts = Array.from({ length: 40 }, (_, n) => ({ name: String(6_000 + n), currency: "CNY", debit: `${n}.00`, credit: "0.00" }));
    const page = await pageOf({ totals: { accounts } });
    expect(textOf(page)).toContain("the 15 largest of 40");
    expect(page.match(/<span>6039<\/span>/g)).toHaveLength(2);
    expect(page.match(/<span>6003<\/span>/g)).toHaveLength(1);
    expect(textOf(page)).toContain("25 others 300.00 Total (40) 780.00");
  });
});

const HOSTILE = [
  "</script><script>alert(1)</script>",
  `"><img src=x onerror="alert(1)">`,
  "' onmouseover='alert(1)",
  "</style><style>*{display:none}</style>",
  "<!-- <![CDATA[ ]]>",
  "&lt;b&gt; &#x3c;script&#x3e;",
  '=HYPERLINK("http://example.invalid")',
  "`</code><script>alert(1)</script>",
];

describe("hostile content", () => {
  const all = HOSTILE.join(" ");
  const line = aLine({ account: all, text: all, partner: all, dimensions: { [all]: all }, fields: { [all]: all } });
  const before = aDocument({ key: all, text: all, fields: { [all]: all }, lines: [line] });
  const after = aDocument({ key: all, text: `${all} 2`, lines: [{ ...line, text: "", partner: `${all} 2`, amountMinor: 1n }] });
  const sums = [{ name: all, currency: "CNY", debit: "1.00", credit: "0.00" }];
  const sample = {
    head: {
      title: all,
      pipeline: all,
      project: all,
      environment: all,
      connection: all,
      connector: all,
      id: all,
      asks: [all, all],
      made: { at: "2026-11-20T18:03:00.000Z", by: all, host: all, program: all, run: 1 },
    },
    changes: [
      aReplace(before, after),
      aCreate(after),
      { change: "hold" as const, key: all, problem: { code: "TARGET_EDITED" as const, message: all, at: [], hint: all } },
    ],
    waits: [aWait(all, "RECORD_INVALID", all, all)],
    totals: { accounts: sums, periods: sums, dimensions: { [all]: sums } },
    approvals: [{ plan: "p", hash: "h", by: all, user: all, host: all, at: "2026-11-21T01:00:00.000Z", reason: all, signature: null }],
  };

  test.each(["en", "zh"] as const)("is shown as the text it is: %s", async (language) => {
    const page = await pageOf(sample, language);
    const body = page.replace(/<style>[\s\S]*?<\/style>/, "").replace(/<script>[\s\S]*?<\/script>/, "");
    // What is left after every well-formed tag of the page is taken out is text, without a single angle bracket.
    const names = new Set<string>();
    const rest = body.replace(
      /<!DOCTYPE html>|<\/?([a-z][a-z0-9]*)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)\s*\/?>/gi,
      (_, tag = "", attributes = "") => {
        names.add(tag);
        for (const [, name = ""] of attributes.matchAll(/\s([a-z-]+)(?:="[^"]*")?/gi)) names.add(name);
        return "";
      },
    );
    expect(/[<>]/.test(rest)).toBe(false);
    for (const name of ["img", "script", "style", "src", "onerror", "onmouseover"]) expect(names).not.toContain(name);
    const shown = textOf(body);
    for (const text of HOSTILE.filter((each) => !each.includes("`"))) expect(shown.includes(text), text).toBe(true);
  });

  test("characters that turn text around, or hide, are shown as replacement marks", async () => {
    const page = await pageOf({ changes: [aCreate(aDocument({ text: "a\u202eb\u2066c\u200bd\u0000e\u001bf\nline\u2028g\u{e0041}" }))] });
    expect(textOf(page)).toContain("a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf line\ufffdg\ufffd");
  });

  test("a backtick without its other half is a character", () => {
    expect(prose("a `b` c `d").text).toBe("a <code>b</code> c `d");
    expect(prose("`").text).toBe("`");
  });
});

describe("the file", () => {
  test("forbids loading anything, and allows only its own style and script", async () => {
    const page = await pageOf(usualNight());
    const digest = (tag: string): string => {
      const [, content = ""] = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(page) ?? [];
      return `sha256-${createHash("sha256").update(content).digest("base64")}`;
    };
    expect(page).toContain(
      `content="default-src 'none'; style-src '${digest("style")}'; script-src '${digest("script")}'; base-uri 'none'; form-action 'none'"`,
    );
    expect(page).not.toMatch(/https?:|\ssrc=|@import|url\(|\sstyle=/);
    expect([...page.matchAll(/href="([^"]*)"/g)].every(([, link]) => link?.startsWith("#"))).toBe(true);
  });

  test("every link leads somewhere, and no id stands twice", async () => {
    const page = await pageOf(usualNight());
    const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, link] of page.matchAll(/(?:href="#|aria-labelledby=")([^"]*)"/g)) expect(ids).toContain(link);
  });

  test("headings go down one step at a time; tables say what their columns and rows are; drawings are left out for those who listen", async () => {
    const page = await pageOf(usualNight());
    const levels = [...page.matchAll(/<h([1-6])/g)].map(([, level]) => Number(level));
    expect(levels[0]).toBe(1);
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    for (const [index, level] of levels.entries()) expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1);
    expect([...page.matchAll(/<th(?![a-z])(?![^>]*scope=)/g)]).toEqual([]);
    expect(page.match(/<table/g)?.length).toBe(page.match(/<thead>/g)?.length);
    for (const [drawing] of page.matchAll(/<svg[^>]*>/g)) expect(drawing).toMatch(/aria-hidden="true"|class="key"/);
    for (const [, tag] of page.matchAll(/<(input|select)(?=[^>]*id=)/g)) expect(page).toMatch(new RegExp(`<label>[^<]*<${tag}`));
  });

  test("comes in pieces, so that memory does not grow with the plan", async () => {
    const changes = Array.from({ length: 500 }, (_, n) => aCreate(aDocument({ key: `BX${n}` })));
    let longest = 0;
    let all = 0;
    await writePlanPage(aPlan({ changes }), "en", (piece) => {
      longest = Math.max(longest, piece.length);
      all += piece.length;
    });
    expect(all).toBeGreaterThan(200_000);
    expect(longest).toBeLessThan(20_000);
  });
});
