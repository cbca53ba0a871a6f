import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
import { explain } from "../src/cli/commands/explain.js";
import type { CommandContext, Io } from "../src/cli/io.js";
import { buildProgram } from "../src/cli/program.js";
import { renderCodes, renderPage } from "../src/cli/render/explain.js";
import { pointer } from "../src/cli/render/report-problems.js";
import { wrap, wrapWithin } from "../src/cli/render/wrap.js";
import { EXAMPLES } from "../src/explain/examples.js";
import { EXPLANATIONS } from "../src/explain/explanations.js";
import { CODES, pageOf } from "../src/explain/page.js";
import { ProblemError, problem } from "../src/model/problem.js";
import { PROBLEM_CODES, type ProblemCode } from "../src/model/problem-codes.js";

const LANGUAGES = ["en", "zh"] as const;
const HAN = /\p{Script=Han}/u;

describe("every problem code has a page", () => {
  test("in both languages; else add it to the file of its family in src/explain", () => {
    const explained: Readonly<Record<string, unknown>> = EXPLANATIONS;
    expect(Object.keys(PROBLEM_CODES).filter((code) => explained[code] === undefined)).toEqual([]);
  });

  test("with a smallest input from fixtures/problems, or else with `cause`, in both languages", () => {
    const without = CODES.filter((code) => EXAMPLES[code] === undefined && LANGUAGES.some((each) => !EXPLANATIONS[code][each].cause));
    expect(without).toEqual([]);
  });

  test.each(CODES)("%s says all that is to be said, each in its language", (code) => {
    const { en, zh, who } = EXPLANATIONS[code];
    expect(who.length).toBeGreaterThan(0);
    expect(new Set(who).size).toBe(who.length);
    // Both languages give the same advice, step by step.
    expect(zh.mend.length).toBe(en.mend.length);
    for (const text of [pageOf(code, "zh").title, zh.means, zh.matters, ...zh.mend]) expect(text, text).toMatch(HAN);
    for (const text of [en.means, en.matters, ...en.mend]) expect(withoutChineseTerms(text), text).not.toMatch(HAN);
    for (const text of [en.means, en.matters]) expect(text, text).toMatch(/[.]$/);
    for (const text of [zh.means, zh.matters]) expect(text, text).toMatch(/。$/);
    for (const text of textsOf(code)) expect(text.split("`").length % 2, text).toBe(1);
    expect(en.means.split(/[.:] /).length, en.means).toBeLessThanOrEqual(4);
  });
});

describe("what the pages tell people to type", () => {
  const commands = commandsOf(
    buildProgram(
      contextWith(() => undefined, "."),
      "",
      () => undefined,
    ),
  );
  const options = new Set([...commands.values()].flat());

  test("is a command of this program, with options that it has", () => {
    const wrong: string[] = [];
    let seen = 0;
    for (const code of CODES) {
      for (const text of textsOf(code)) {
        for (const [, quoted = ""] of text.matchAll(/`([^`]*)`/g)) {
          if (/^--[a-z]/.test(quoted) && !options.has(quoted.split(" ")[0] as string)) wrong.push(`${code}: ${quoted}`);
          if (!/^sync [a-z-]/.test(quoted)) continue;
          seen += 1;
          const fault = faultOf(quoted, commands);
          if (fault !== null) wrong.push(`${code}: \`${quoted}\`: ${fault}`);
        }
        if (/\bsync [a-z]/.test(withoutQuoted(text))) wrong.push(`${code}: a command without backticks: ${text}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(seen).toBeGreaterThan(200);
  });
});

describe("sync explain", () => {
  test.each(LANGUAGES)("fits 80 columns in %s, whatever the code, but for lines of files", (language) => {
    for (const code of CODES) {
      const page = pageOf(code, language);
      const text = renderPage({ ...page, example: null }, { language, columns: 80, color: false });
      for (const line of text.split("\n")) expect(stringWidth(line), line).toBeLessThanOrEqual(80);
      expect(text.startsWith(code), code).toBe(true);
    }
    for (const line of renderCodes(language, 80).split("\n")) expect(stringWidth(line), line).toBeLessThanOrEqual(80);
  });

  test("shows the page of a code, in small letters too, with the smallest input", async () => {
    const shown = await run(["document_unbalanced"]);
    expect(shown.code).toBe(0);
    expect(shown.out).toBe(`DOCUMENT_UNBALANCED  debit and credit differ

What it means
  Debit and credit of the document differ. The message says by how much.

Why it matters
  No ledger may take a voucher that does not balance. The difference is money
  that nobody knows where to book.

How to mend it (usually the accountant)
  1. Compare net, tax and total of the rows: \`sync quarantine show KEY\`, and
     where each line comes from: \`sync show KEY --why\`
  2. If the claim is wrong: correct it in the system it comes from.
  3. If all such claims differ: a line is missing in the mapping, or one is left
     out by its \`when\`. Add a case and try it: \`sync test\`

Until then
  It waits with its reason (\`sync quarantine list\`) and is tried again with
  every run. The others are posted.

The smallest input that causes it
  exports/报销明细-1.csv
    单据编号,行号,支付日期,费用类型,不含税金额,税额,价税合计,币种,发票号码
    BX1,1,2026-11-20,差旅费,100,6,107,CNY,
  \`sync run\` then prints
    error DOCUMENT_UNBALANCED: debit 106.00 and credit 107.00 differ by -1.00
      CNY
      at document BX1
      hint: compare the amounts in its records: net + tax must equal the total
`);
  });

  test("says what causes a code that no small input can show", async () => {
    const { out } = await run(["TARGET_UNCONFIRMED", "--lang", "zh"]);
    expect(out).toContain("常见原因\n  凭证发出后连接中断，或 ERP 返回 HTTP 504\n");
    expect(out).toContain("如何处理（通常由财务 IT 人员或会计处理）");
  });

  test("as data", async () => {
    const { out } = await run(["STORE_BUSY", "--json"]);
    expect(JSON.parse(out)).toEqual({ ...pageOf("STORE_BUSY", "en") });
    const list = JSON.parse((await run(["--json", "--lang", "zh"])).out) as { readonly code: string; readonly title: string }[];
    expect(list.map(({ code }) => code)).toEqual(Object.keys(PROBLEM_CODES));
    for (const { title } of list) expect(title).toMatch(HAN);
  });

  test("lists all codes", async () => {
    const { out } = await run([]);
    for (const code of CODES) expect(out).toContain(`${code} `);
    expect(out.endsWith("\nall about one: sync explain CODE\n")).toBe(true);
  });

  test("suggests the nearest code", async () => {
    const refusal = async (name: string): Promise<string> =>
      run([name]).then(
        () => "none",
        (cause: unknown) =>
          cause instanceof ProblemError ? cause.problems.map(({ code, message, hint }) => `${code}: ${message}; ${hint}`).join() : "a bug",
      );
    // USAGE ends a command with exit code 2.
    expect(await refusal("RECORD_INVALD")).toBe("USAGE: there is no problem code `RECORD_INVALD`; did you mean `RECORD_INVALID`?");
    expect(await refusal("unbalanced")).toBe("USAGE: there is no problem code `unbalanced`; did you mean `DOCUMENT_UNBALANCED`?");
    expect(await refusal("XYZ")).toBe("USAGE: there is no problem code `XYZ`; `sync explain` lists them all");
  });

  test("speaks the language of the project that is here, also where the project has mistakes", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sync-explain-"));
    const title = async (text: string, ...args: string[]): Promise<string> => {
      writeFileSync(join(folder, "sync.yaml"), text);
      return (await run(["STORE_BUSY", ...args], folder)).out.split("\n")[0] ?? "";
    };
    expect(await title("language: zh\nconnections: { x: { connector: nothing } }\n")).toBe("STORE_BUSY  另一次运行正在处理此管道");
    expect(await title("language: zh\n", "--lang", "en")).toBe("STORE_BUSY  another run holds this pipeline");
    expect(await title("language: en\n")).toBe("STORE_BUSY  another run holds this pipeline");
    expect(await title("language: zh\n  bad: [\n")).toBe("STORE_BUSY  another run holds this pipeline");
    rmSync(folder, { recursive: true });
  });
});

describe("wrapping", () => {
  test("breaks at blanks and between wide characters, and keeps punctuation and commands together", () => {
    expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
    expect(wrap("借方与贷方不相等，差额写在提示里。", 16)).toEqual(["借方与贷方不相", "等，差额写在提示", "里。"]);
    expect(wrap("先看（提示）再改", 6)).toEqual(["先看", "（提", "示）再", "改"]);
    expect(wrap("see `sync runs` there", 12)).toEqual(["see", "`sync runs`", "there"]);
    expect(wrap("`sync quarantine drop KEY`", 12)).toEqual(["`sync", "quarantine", "drop KEY`"]);
    expect(wrap("averyverylongword x", 5)).toEqual(["averyverylongword", "x"]);
    expect(wrap("", 10)).toEqual([""]);
    expect(wrapWithin("averyverylongword x 科目编码", 5)).toEqual(["avery", "veryl", "ongwo", "rd", "x 科", "目编", "码"]);
    expect(wrapWithin("", 10)).toEqual([""]);
  });
});

describe("the pointer below a list of problems", () => {
  test("names the code where it is only one, once, and nothing where the command was mistyped", () => {
    const of = (...codes: ProblemCode[]): string =>
      pointer(
        codes.map((code) => problem(code, "x")),
        "en",
      );
    expect(of("MAP_AMOUNT", "MAP_AMOUNT")).toBe("what it means and how to mend it: sync explain MAP_AMOUNT\n");
    expect(of("MAP_AMOUNT", "STORE_BUSY")).toBe("what it means and how to mend it: sync explain CODE\n");
    expect(of("DOCUMENT_BAD_RECORD", "RECORD_INVALID")).toBe("what it means and how to mend it: sync explain RECORD_INVALID\n");
    expect(of("DOCUMENT_BAD_RECORD")).toBe("what it means and how to mend it: sync explain DOCUMENT_BAD_RECORD\n");
    expect(of("USAGE")).toBe("");
    expect(of()).toBe("");
    expect(pointer([problem("STORE_BUSY", "x")], "zh")).toBe("含义与处理办法：sync explain STORE_BUSY\n");
  });
});

/** One command line in this process, without a terminal. */
async function run(args: readonly string[], cwd = tmpdir()): Promise<{ readonly code: number; readonly out: string }> {
  let out = "";
  const context = contextWith((text) => {
    out += text;
  }, cwd);
  const given = {
    json: args.includes("--json"),
    ...(args.includes("--lang") ? { lang: args[args.indexOf("--lang") + 1] as "en" | "zh" } : {}),
  };
  const code = await explain(context, given, args[0]?.startsWith("--") === true ? undefined : args[0]);
  return { code, out };
}

function contextWith(out: (text: string) => void, cwd: string): CommandContext {
  const io: Io = { out, err: () => undefined, outIsTerminal: false, errIsTerminal: false, columns: 120, rows: 40 };
  return { io, cwd, env: {}, now: () => new Date("2026-11-20T00:00:00.000Z"), actor: "test" };
}

function textsOf(code: ProblemCode): string[] {
  return LANGUAGES.flatMap((language) => {
    const { means, matters, mend, cause } = EXPLANATIONS[code][language];
    return [means, matters, ...mend, cause ?? ""];
  });
}

/** English pages may name what an ERP calls something: `reopened (反结账)`. */
function withoutChineseTerms(text: string): string {
  return withoutQuoted(text).replace(/\(\p{Script=Han}+\)/gu, "");
}

function withoutQuoted(text: string): string {
  return text.replace(/`[^`]*`/g, "");
}

/** Each command by its words, with its options. */
function commandsOf(program: Command): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const visit = (command: Command, path: string): void => {
    for (const each of command.commands) {
      const name = `${path} ${each.name()}`.trim();
      found.set(name, [...each.options.map(({ long }) => long ?? ""), "--help"]);
      visit(each, name);
    }
  };
  found.set("", ["--version", "--help"]);
  visit(program, "");
  return found;
}

/** Null when every word of it is one that the program knows. */
function faultOf(line: string, commands: ReadonlyMap<string, readonly string[]>): string | null {
  const words = line.split(" ").slice(1);
  let name = "";
  let known = 0;
  while (known < words.length && commands.has(`${name} ${words[known]}`.trim())) {
    name = `${name} ${words[known]}`.trim();
    known += 1;
  }
  if (name === "" && !words[0]?.startsWith("--")) return `there is no command \`${words[0]}\``;
  const isGroup = [...commands.keys()].some((each) => each.startsWith(`${name} `)) && name !== "";
  if (isGroup && known < words.length) return `there is no command \`${name} ${words[known]}\``;
  const unknown = words.filter((word) => word.startsWith("--") && !(commands.get(name) ?? []).includes(word));
  return unknown.length === 0 ? null : `it has no ${unknown.join(", ")}`;
}
