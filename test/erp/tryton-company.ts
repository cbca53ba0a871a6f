import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));
const PAGE = readFileSync(new URL("../../docs/real-erp.md", import.meta.url), "utf8");
/** The years of the page, and one of real payments. */
const YEARS = ["2025 2026 2027", "2013 2025 2026 2027"] as const;

/** The commands under a heading of the page "Post into a real ERP in five minutes", block by block. */
export function commandsOf(heading: string): string[] {
  return blocksOf(heading, "sh");
}

/** What the page says that they print. */
export function shownIn(heading: string): string[] {
  return blocksOf(heading, "");
}

function blocksOf(heading: string, language: string): string[] {
  const [, section = ""] = PAGE.split(new RegExp(`^## \\d+\\. ${heading}$`, "m"));
  const [own = ""] = section.split(/^## /m);
  const blocks = [...own.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, word, block = ""]) => (word === language ? [block] : []));
  if (blocks.length === 0) throw new Error(`the page has no blocks of \`${language}\` under ${heading}`);
  return blocks;
}

/** Runs commands of the page as a person who has just opened bash in a home of their own. What they print, whatever their exit code. */
export function follow(
  commands: string,
  home: string,
  env: Readonly<Record<string, string>>,
): Promise<{ out: string; code: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn("bash", ["-c", commands], { cwd: home, env: { ...process.env, HOME: home, ...env } });
    let out = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (part: string) => {
        out += part;
      });
    child.on("error", reject);
    child.on("close", (code) => resolve({ out, code }));
  });
}

/** Makes the company as the page says, in the database of that URI. The folder `erp` of the page. */
export async function makeCompany(home: string, uri = "sqlite://"): Promise<string> {
  const [, company = ""] = commandsOf("A company");
  const [shown, wanted] = YEARS;
  const commands = company.replace("uri = sqlite://", () => `uri = ${uri}`).replace(shown, wanted);
  if (!commands.includes(`uri = ${uri}\n`) || !commands.includes(wanted)) throw new Error("the page says something else by now");
  const { out, code } = await follow(`set -e\n${commands}`, home, { SYNC: root });
  if (code !== 0) throw new Error(`the page ended with ${String(code)}: ${out.slice(-2_000)}`);
  return join(home, "five-minutes", "erp");
}

/** A folder with a new company on SQLite to copy: made once for each version of the page and of what it uses, and kept. */
export async function companyToCopy(): Promise<string> {
  const parts = [...commandsOf("A company"), YEARS[1], readFileSync(join(root, "fixtures/tryton/company.py"), "utf8")];
  const packages = execFileSync("dpkg-query", ["-W", "-f", "${Package}=${Version}\n", "tryton-server", "tryton-modules-*"], {
    stdio: "pipe",
  });
  const key = createHash("sha256").update(parts.join("\n")).update(packages).digest("hex").slice(0, 16);
  const cache = join(tmpdir(), "sync-tryton-companies");
  const kept = join(cache, key);
  if (existsSync(kept)) return kept;
  mkdirSync(cache, { recursive: true });
  const home = mkdtempSync(join(cache, "making-"));
  try {
    renameSync(await makeCompany(home), kept);
  } catch (cause) {
    // Somebody else may have been faster.
    if (!existsSync(kept)) throw cause;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  return kept;
}

/** A folder of one's own with a new company on SQLite. */
export async function copyCompany(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "sync-tryton-"));
  cpSync(await companyToCopy(), folder, { recursive: true });
  return folder;
}
