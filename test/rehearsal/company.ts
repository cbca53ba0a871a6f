import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ended, program, sync } from "../cli/sync.js";

const REPOSITORY = join(import.meta.dirname, "../..");

export type System = "hesi" | "kingdee";

/** Kinds of calls, as the stand-ins count them, that change something: not signing in, and no question that is asked by POST. */
const WRITES: Readonly<Record<System, RegExp>> = {
  hesi: /^(PUT|POST) (?!.*(\/auth\/|\/search$))/,
  kingdee: /^POST (Save|BatchSave|Draft|Submit|Audit|UnAudit|Delete|CancelAssign|ExcuteOperation|Push)$/,
};

/** The shipped pipelines between two sandboxes, in a folder of their own, with the day of today as the go-live. */
export class Company {
  private constructor(
    readonly folder: string,
    private readonly served: ChildProcess,
    private readonly control: Readonly<Record<System, string>>,
  ) {}

  static async open(goLive: string): Promise<Company> {
    const folder = mkdtempSync(join(tmpdir(), "sync-rehearsal-"));
    const args = [program, "sandbox", "hesi", "kingdee", "--port", "0", "--state", join(folder, "state"), "--json"];
    const served = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const [hesi, kingdee] = await addresses(served);
    for (const each of ["pipelines", "schemas"]) cpSync(join(REPOSITORY, each), join(folder, each), { recursive: true });
    const project = join(folder, "pipelines/hesi-kingdee");
    for (const name of readdirSync(project).filter((each) => each.endsWith(".yaml"))) {
      const text = readFileSync(join(project, name), "utf8")
        .replaceAll("http://127.0.0.1:8701", hesi)
        .replaceAll("http://127.0.0.1:8702", kingdee)
        .replaceAll("2026-09-01", goLive)
        // Some weeks of what was before show what years of it would.
        .replaceAll("2024-01-01", someWeeksBefore(goLive))
        // Nights follow each other in seconds here, and what the one before wrote back need not be read again.
        .replaceAll("overlap: 10m", "overlap: 1s")
        .replace("since: { start", "since: { overlap: 1s, start")
        // What is sent here arrives at once or not at all, so that a look-up need not be waited for.
        .replace(/^target:\n {2}connection: .*$/m, "$&\n  quiet: 1s");
      writeFileSync(join(project, name), text);
    }
    addLedger(project);
    return new Company(project, served, { hesi, kingdee });
  }

  sync(...args: string[]): Ended {
    return sync(this.folder, ...args);
  }

  inspect<T>(system: System, name: string): Promise<T> {
    return this.ask(system, "GET", `inspect/${name}`);
  }

  act<T>(system: System, name: string, body: unknown): Promise<T> {
    return this.ask(system, "POST", `act/${name}`, body);
  }

  async faults(system: System, ...faults: readonly string[]): Promise<void> {
    await this.ask(system, "POST", "faults", faults);
  }

  /** How often each fault struck since it was set. */
  strikes(system: System): Promise<readonly { readonly fault: string; readonly strikes: number }[]> {
    return this.ask(system, "GET", "faults");
  }

  /** How many calls it had since it was asked last, and the kinds among them that change something. */
  async calls(system: System): Promise<{ readonly total: number; readonly writes: readonly string[] }> {
    const { total, calls } = await this.ask<{ readonly total: number; readonly calls: Readonly<Record<string, number>> }>(
      system,
      "GET",
      "calls",
    );
    await this.ask(system, "DELETE", "calls");
    return { total, writes: Object.keys(calls).filter((each) => WRITES[system].test(each)) };
  }

  async close(): Promise<void> {
    const ended = once(this.served, "exit");
    this.served.kill("SIGINT");
    await ended;
    rmSync(join(this.folder, "../.."), { recursive: true, force: true });
  }

  private async ask<T>(system: System, method: string, path: string, body?: unknown): Promise<T> {
    // Runs take minutes in which nobody hears that a kept connection was closed, so each call has its own.
    const asked = request(`${this.control[system]}/_sandbox/${path}`, { method, agent: false });
    asked.end(body === undefined ? undefined : JSON.stringify(body));
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    const text = Buffer.concat(await answer.toArray()).toString("utf8");
    if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode} ${text}`);
    return JSON.parse(text) as T;
  }
}

function someWeeksBefore(day: string): string {
  return new Date(Date.parse(day) - 20 * 86_400_000).toISOString().slice(0, 10);
}

async function addresses(served: ChildProcess): Promise<[string, string]> {
  let out = "";
  for await (const text of served.stdout as AsyncIterable<Buffer>) {
    out += text.toString();
    if (out.endsWith("]\n")) break;
  }
  const [hesi, kingdee] = JSON.parse(out) as { readonly address: string }[];
  return [hesi?.address ?? "", kingdee?.address ?? ""];
}

/**
 * The pipeline of the vouchers once more, into the built-in ledger: nothing but its name and its target is another, and the register of its
 * invoices, because the same claim is booked twice here.
 */
function addLedger(project: string): void {
  const vouchers = readFileSync(join(project, "claims-to-vouchers.yaml"), "utf8");
  const text = vouchers
    .replace("pipeline: claims-to-vouchers", "pipeline: claims-to-ledger")
    .replace("register: 发票", "register: 发票 of the ledger")
    .replace(/^target:\n(?: .*\n)+/m, "target: { connection: books, changed: reverse and repost, gone: reverse }\n");
  writeFileSync(join(project, "claims-to-ledger.yaml"), text);
  const accounts = readFileSync(join(project, "lookups/expense-accounts.csv"), "utf8").trim().split("\n").slice(1);
  const chart = new Map(accounts.map((line): [string, string] => [line.split(",")[1] ?? "", "费用"]));
  for (const code of ["22210101", "224101"]) chart.set(code, "负债");
  const rows = [...chart].map(([code, type]) => `${code},${code},${type}`);
  writeFileSync(join(project, "chart.csv"), `科目编码,科目名称,类型\n${rows.join("\n")}\n`);
  appendFileSync(join(project, "sync.yaml"), "\n  books: { connector: ledger, file: books.db, chart: chart.csv }\n");
}
