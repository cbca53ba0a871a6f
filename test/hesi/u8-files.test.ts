import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import type { ExpectedClaim, ExpectedNight } from "../../fixtures/hesi/expected.js";
import { Project, repository } from "../real/project.js";
import { cents } from "../real/rows.js";

const PIPELINE = "expense-to-u8";
const NIGHTS = ["报销明细-2026-11-20.csv", "报销明细-2026-11-21.csv"] as const;
const fixtures = path.join(repository, "fixtures/hesi");

/** The shipped project that writes import files for U8, in a folder of its own. */
function openProject(): { readonly project: Project; readonly folder: string; readonly deliver: (night: 0 | 1) => void } {
  const project = Project.copy({ pipelines: "pipelines", schemas: "schemas" }, "pipelines/u8-files", ".demo/exports");
  const folder = path.join(project.folder, ".demo/u8-import");
  mkdirSync(folder);
  const deliver = (night: 0 | 1): void => project.deliver(NIGHTS[night], readFileSync(path.join(fixtures, NIGHTS[night])));
  return { project, folder, deliver };
}

function expectedOf(night: 1 | 2): ExpectedNight {
  return JSON.parse(readFileSync(path.join(fixtures, `expected-night-${night}.json`), "utf8")) as ExpectedNight;
}

/** An importer of U8, as far as a test needs one: takes the files out of the folder and books what stands in them. */
class Importer {
  /** By claim, then `account side`: in the smallest unit. */
  readonly claims = new Map<string, Map<string, bigint>>();
  readonly vouchers: string[] = [];
  readonly files: string[] = [];

  constructor(private readonly folder: string) {
    mkdirSync(path.join(folder, "../imported"), { recursive: true });
  }

  takeAll(): number {
    const names = readdirSync(this.folder)
      .filter((name) => name !== "control")
      .sort();
    for (const name of names) {
      const content = readFileSync(path.join(this.folder, name));
      this.book(new TextDecoder("gbk", { fatal: true }).decode(content));
      const sha256 = createHash("sha256").update(content).digest("hex");
      expect(this.controls().find((head) => head.file === name)).toMatchObject({ sha256, bytes: content.length });
      renameSync(path.join(this.folder, name), path.join(this.folder, "../imported", name));
      this.files.push(name);
    }
    return names.length;
  }

  controls(): { readonly file: string; readonly sha256: string; readonly documents: number }[] {
    const control = path.join(this.folder, "control");
    return readdirSync(control)
      .filter((name) => name.endsWith(".jsonl"))
      .map((name) => JSON.parse(readFileSync(path.join(control, name), "utf8").split("\n")[0] as string));
  }

  private book(text: string): void {
    const [head, ...lines] = text.split("\r\n");
    expect(head).toBe("填制凭证,V800");
    expect(lines.pop()).toBe("");
    let last = "";
    for (const line of lines) {
      const fields = line.split(",");
      expect(fields.length).toBe(21);
      const [date = "", word = "", number = "", , summary = "", account = "", debit = "", credit = ""] = fields;
      expect([...summary].length).toBeLessThanOrEqual(60);
      const voucher = `${date.slice(0, 7)} ${word}-${number}`;
      if (voucher !== last) this.vouchers.push(voucher);
      last = voucher;
      const claim = /BX\d{8}/.exec(summary)?.[0] ?? "";
      const sums = this.claims.get(claim) ?? new Map<string, bigint>();
      this.claims.set(claim, sums);
      for (const [side, amount] of [
        ["debit", debit],
        ["credit", credit],
      ] as const)
        if (amount !== "0") sums.set(`${account} ${side}`, (sums.get(`${account} ${side}`) ?? 0n) + (cents(amount) as bigint));
    }
  }
}

function sumsOf({ accounts }: ExpectedClaim): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const [account, sides] of Object.entries(accounts))
    for (const [side, amount] of Object.entries(sides)) sums.set(`${account} ${side}`, cents(amount) as bigint);
  return sums;
}

const plain = (sums: Map<string, bigint> | undefined): string[] =>
  [...(sums ?? [])]
    .filter(([, minor]) => minor !== 0n)
    .map(([name, minor]) => `${name} ${minor}`)
    .sort();

/** Every claim is booked to the cent, or stands on the list with the reason that the layout has against it. */
function expectBooked(project: Project, importer: Importer, expected: ExpectedNight): void {
  const waiting = new Map(project.quarantine(PIPELINE).map((item) => [item.document ?? item.key, item]));
  for (const [claim, wanted] of Object.entries(expected.claims)) {
    const refused = waiting.get(claim);
    if (wanted.currency !== "CNY") expect(refused?.problem.message).toMatch(/^the currency `JPY` is not the book's/);
    if (refused === undefined) expect([claim, plain(importer.claims.get(claim))]).toEqual([claim, plain(sumsOf(wanted))]);
    else {
      expect([claim, refused.code]).toEqual([claim, "TARGET_REJECTED"]);
      expect(refused.problem.message).toMatch(/^the currency|cannot be written in GBK/);
      expect(plain(importer.claims.get(claim))).toEqual([]);
    }
  }
  for (const claim of Object.keys(expected.waiting)) {
    expect(waiting.has(claim)).toBe(true);
    if (!(claim in expected.claims)) expect(plain(importer.claims.get(claim))).toEqual([]);
  }
  const wanted = new Set([...Object.keys(expected.claims), ...Object.keys(expected.waiting)]);
  for (const [claim, sums] of importer.claims) if (!wanted.has(claim)) expect([claim, plain(sums)]).toEqual([claim, []]);
  expect(new Set(importer.vouchers).size).toBe(importer.vouchers.length);
}

describe("two nights of expense exports into import files for U8", () => {
  const { project, folder, deliver } = openProject();
  const importer = new Importer(folder);
  afterAll(() => project.remove());

  it("the first night writes each claim once; what the layout cannot hold waits with the reason", () => {
    deliver(0);
    const { code, counts } = project.run(PIPELINE);
    expect(code).toBe(3);
    importer.takeAll();
    expect(importer.vouchers.length).toBe(counts.posted);
    expect(importer.files.length).toBe(Math.ceil(counts.posted / 100));
    expectBooked(project, importer, expectedOf(1));
  });

  it("the same export again writes no file, although the importer took them all away", () => {
    expect(project.run(PIPELINE).counts).toMatchObject({ posted: 0, replaced: 0, reversed: 0 });
    expect(importer.takeAll()).toBe(0);
  });

  it("the second night cancels what changed in red, and writes it anew", () => {
    deliver(1);
    const { counts } = project.run(PIPELINE);
    expect(counts.replaced).toBeGreaterThan(5);
    importer.takeAll();
    expect(importer.files.some((name) => name.startsWith("reversals-"))).toBe(true);
    expectBooked(project, importer, expectedOf(2));
  });

  it("a lost store is rebuilt from the control files, and nothing is written again", () => {
    for (const end of ["", "-wal", "-shm"]) {
      const file = path.join(project.folder, `.demo/u8-store.db${end}`);
      if (existsSync(file)) renameSync(file, `${file}.lost`);
    }
    const refused = project.call("run", PIPELINE);
    expect(refused.code).toBe(1);
    expect(refused.stdout + refused.stderr).toContain("STORE_BEHIND");
    expect(project.call("recover", PIPELINE).code).toBe(0);
    expect(project.run(PIPELINE).counts).toMatchObject({ posted: 0, replaced: 0, reversed: 0 });
    expect(importer.takeAll()).toBe(0);
  });
});

describe("a run that is killed between its files", () => {
  it.each([1, 2])("(when %i are written) is finished by the next, and no claim is written twice", async (files) => {
    const { project, folder, deliver } = openProject();
    const importer = new Importer(folder);
    deliver(0);
    const program = path.join(repository, "bin/sync.js");
    const child = spawn(process.execPath, [program, "run", PIPELINE], {
      cwd: path.join(project.folder, "pipelines/u8-files"),
      stdio: "ignore",
    });
    const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on("close", (_, signal) => resolve(signal)));
    const last = path.join(folder, `control/${String(files).padStart(6, "0")}.jsonl`);
    while (!existsSync(last) && child.exitCode === null) await wait(1);
    child.kill("SIGKILL");
    expect(await ended).toBe("SIGKILL");
    importer.takeAll();
    const { code } = project.run(PIPELINE);
    expect(code).toBe(3);
    importer.takeAll();
    expectBooked(project, importer, expectedOf(1));
    expect(readdirSync(path.join(folder, "control")).filter((name) => !name.endsWith(".jsonl"))).toEqual([]);
    project.remove();
  });
});
