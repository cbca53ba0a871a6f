import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { beforeEach, describe, expect, test } from "vitest";
import { typed } from "./in-process.js";
import { emptyFolder, program } from "./sync.js";

const PLAN = "night.plan";
const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
let folder: string;

const path = (name: string): string => join(folder, name);
const edit = (name: string, work: (text: string) => string): void => writeFileSync(path(name), work(readFileSync(path(name), "utf8")));
const posted = (): number => {
  const db = new Database(path(".sync/books.db"), { readonly: true });
  try {
    return db.prepare("SELECT count(*) FROM vouchers").pluck().get() as number;
  } finally {
    db.close();
  }
};
/** The same while the books may just be made. */
const booked = (): number => {
  try {
    return posted();
  } catch {
    return 0;
  }
};
/** The lines of the sample export. */
const exported = (): string[] =>
  new TextDecoder("gb18030")
    .decode(readFileSync(path("exports/expenses-2026-11-09.csv")))
    .trim()
    .split(/\r?\n/);
const keyOf = async (name: string): Promise<string> =>
  (JSON.parse((await typed(folder, "keys", "new", name, "--json")).out) as { publicKey: string }).publicKey;
const approval = (more = ""): void =>
  appendFileSync(path("pipelines/expense-to-gl.yaml"), `\napproval:\n  by: [li.na, wang.qiang]\n${more}`);

/** Two people with keys, one without, who is whoever runs the tests. */
beforeEach(async () => {
  folder = emptyFolder();
  await typed(folder, "init");
  const [first, second] = [await keyOf("li.na"), await keyOf("wang.qiang")];
  appendFileSync(path("sync.yaml"), `\napprovers:\n  li.na: { title: 李娜, key: ${first} }\n  wang.qiang: { key: ${second} }\n`);
});

describe("a plan without a policy", () => {
  test("posts exactly what it has, once", async () => {
    const planned = await typed(folder, "plan", "--out", PLAN);
    expect(planned.out).toContain(`post it with: sync apply ${path(PLAN)}`);
    expect(existsSync(path(".sync/books.db"))).toBe(false);
    const applied = await typed(folder, "apply", PLAN, "--json");
    expect(applied.code).toBe(3);
    expect(JSON.parse(applied.out)).toMatchObject({ counts: { posted: 3, toApprove: 0 }, leftOut: [] });
    expect(posted()).toBe(3);
    const again = await typed(folder, "apply", PLAN);
    expect(again.code).toBe(7);
    expect(again.err).toMatch(/PLAN_STALE: the plan cannot be applied: it was applied by run 2, at /);
    expect(posted()).toBe(3);
  });

  test("a file is never overwritten, because it may carry approvals", async () => {
    await typed(folder, "plan", "--out", PLAN);
    const again = await typed(folder, "plan", "--out", PLAN);
    expect(again.code).toBe(2);
    expect(again.err).toContain("there is a file `night.plan` already");
  });

  test("what changed at the source since is left out and listed, and so is what came; nothing is posted differently", async () => {
    await typed(folder, "plan", "--out", PLAN);
    // A later export: one claim with another kind of expense, and a new one.
    const [header = "", ...lines] = exported();
    const changed = lines.filter((line) => line.includes("BX26110001")).map((line) => line.replace(/差旅费/, "办公费"));
    const fresh = lines
      .filter((line) => line.includes("BX26110003"))
      .map((line) => line.replaceAll("BX26110003", "BX26110099").replace(/\d{20}/, "99999999999999999999"));
    writeFileSync(path("exports/expenses-2026-11-10.csv"), `${[header, ...changed, ...fresh].join("\n")}\n`);
    const applied = await typed(folder, "apply", PLAN);
    expect(applied.code).toBe(3);
    expect(applied.out).toMatch(/posted +2 documents/);
    expect(applied.out).toMatch(/withheld +2 documents/);
    expect(applied.out).toMatch(
      /left out of the plan:\n.*\n +BX26110001 +create +it changed since the plan was made, at the source or in the target/,
    );
    expect(posted()).toBe(2);
    expect((await typed(folder, "run", "--quiet")).out).toMatch(/posted +2 documents/);
  });

  test("what another run posted meanwhile is left out", async () => {
    await typed(folder, "plan", "--out", PLAN);
    await typed(folder, "run", "--quiet");
    const applied = await typed(folder, "apply", PLAN);
    expect(applied.out).toMatch(/BX26110002 +create +there is nothing to be done for it any more: it was posted meanwhile/);
    expect(posted()).toBe(3);
  });

  test("what the target no longer takes waits with its reason", async () => {
    await typed(folder, "plan", "--out", PLAN);
    // The chart is the books' own affair, and no part of the pipeline.
    edit("lookups/chart-of-accounts.csv", (text) => text.replace(/^660202,.*\n/m, ""));
    const applied = await typed(folder, "apply", PLAN);
    expect(applied.code).toBe(3);
    expect(applied.out).toMatch(/BX2611000\d +create +it waits: .*660202/);
    expect(applied.out).toMatch(/posted +2 documents/);
  });

  test.each<[string, () => void, RegExp]>([
    [
      "the mapping",
      () => edit("pipelines/expense-to-gl.yaml", (text) => text.replace("text: 报销 ${", "text: 付 ${")),
      /the pipeline `expense-to-gl` changed/,
    ],
    ["a lookup", () => edit("lookups/expense-accounts.csv", (text) => `${text}会议费,660204,会议费\n`), /the lookup `科目` changed/],
    ["the environment", () => undefined, /it was made for no environment, and this is the environment `uat`/],
  ])("is refused where %s is another", async (what, change, words) => {
    await typed(folder, "plan", "--out", PLAN);
    if (what === "the environment") {
      // The other environment has a store of its own, which knows nothing of the plan either.
      copyFileSync(path(".sync/store.db"), path(".sync/uat-store.db"));
    }
    change();
    const applied = await typed(folder, "apply", PLAN, ...(what === "the environment" ? ["--env", "uat"] : []));
    expect(applied.code).toBe(7);
    expect(applied.err).toMatch(words);
    expect(existsSync(path(".sync/books.db"))).toBe(false);
  });

  test("is refused with another store, or one restored from before", async () => {
    await typed(folder, "run", "--quiet");
    copyFileSync(path(".sync/store.db"), path("before.db"));
    await typed(folder, "plan", "--out", PLAN);
    copyFileSync(path("before.db"), path(".sync/store.db"));
    const applied = await typed(folder, "apply", PLAN);
    expect(applied.code).toBe(7);
    expect(applied.err).toContain("this store does not know it");
  });
});

describe("a pipeline that asks for approval", () => {
  test("posts nothing by itself, says whom to ask, and posts what was signed", async () => {
    approval();
    const run = await typed(folder, "run");
    expect(run.code).toBe(3);
    expect(run.out).toMatch(/posted +0 documents/);
    expect(run.out).toMatch(/withheld +3 documents/);
    expect(run.out).toContain("it must be approved by li.na or wang.qiang: sync approve .sync/plans/expense-to-gl-1.plan");
    expect(existsSync(path(".sync/books.db"))).toBe(false);
    const file = ".sync/plans/expense-to-gl-1.plan";
    const early = await typed(folder, "apply", file);
    expect(early.code).toBe(7);
    expect(early.err).toContain("nobody approved it, and one approval is needed");
    const approved = await typed(folder, "approve", file, "--key", "li.na.key", "--reason", "compared with the export");
    expect(approved.code).toBe(0);
    expect(approved.out).toContain("approved by li.na, signed with their key");
    expect((await typed(folder, "apply", file)).out).toMatch(/posted +3 documents/);
    expect(posted()).toBe(3);
    expect((await typed(folder, "audit", "log")).out).toMatch(/plan approved.* by li.na, signed: compared with the export/);
    // The source was read for good: the next run reads nothing, and has nothing to approve.
    const next = await typed(folder, "run");
    expect(next.out).toMatch(/1 file as before, not read again/);
    expect(next.out).not.toContain("withheld");
  });

  test("a retry posts nothing by itself either", async () => {
    approval();
    await typed(folder, "run", "--quiet");
    edit("lookups/expense-accounts.csv", (text) => `${text}会议费,660204,会议费\n`);
    const retried = await typed(folder, "quarantine", "retry", "--all");
    expect(retried.out).toMatch(/withheld +[1-9]/);
    expect(existsSync(path(".sync/books.db"))).toBe(false);
  });

  test("over an amount two people must approve, and one person twice is one", async () => {
    approval("  two_above: { CNY: 2423.49 }\n");
    await typed(folder, "plan", "--out", PLAN);
    const first = await typed(folder, "approve", PLAN, "--key", "li.na.key");
    expect(first.out).toContain("one more person must approve it: wang.qiang");
    expect((await typed(folder, "approve", PLAN, "--key", "li.na.key")).err).toContain("`li.na` approved this plan before");
    const [, line = ""] = /^(\{"approval".*)$/m.exec(readFileSync(path(PLAN), "utf8")) ?? [];
    appendFileSync(path(PLAN), `${line}\n`);
    expect((await typed(folder, "apply", PLAN)).err).toContain("`li.na` approved it, and two are needed");
    await typed(folder, "approve", PLAN, "--key", "wang.qiang.key");
    expect((await typed(folder, "apply", PLAN)).out).toMatch(/posted +3 documents/);
  });

  test("one is enough for exactly that amount", async () => {
    approval("  two_above: { CNY: 2423.50 }\n");
    await typed(folder, "plan", "--out", PLAN);
    await typed(folder, "approve", PLAN, "--key", "li.na.key");
    expect((await typed(folder, "apply", PLAN)).code).toBe(3);
    expect(posted()).toBe(3);
  });

  test("an approval runs out", async () => {
    approval("  holds: 1m\n");
    await typed(folder, "plan", "--out", PLAN);
    await typed(folder, "approve", PLAN, "--key", "li.na.key");
    edit("pipelines/expense-to-gl.yaml", (text) => text.replace("holds: 1m", "holds: 1m\n  author: may approve"));
    // As the file has it, but two minutes ago: then the signature does not fit, and that is what is said.
    edit(PLAN, (text) => text.replace(/"at":"[^"]+","reason"/, `"at":"${new Date(Date.now() - 120_000).toISOString()}","reason"`));
    expect((await typed(folder, "apply", PLAN)).err).toContain("it is not signed with their key");
  });

  test("without a key the operating-system user counts, together with the store's own note of it", async () => {
    const me = (JSON.parse((await typed(folder, "plan", "--out", PLAN, "--json")).out) as { saved: { file: string } }).saved.file;
    const { made } = JSON.parse(readFileSync(me, "utf8").split("\n")[0] ?? "") as { made: { by: string } };
    appendFileSync(path("sync.yaml"), `  me: { user: ${made.by} }\n`);
    appendFileSync(path("pipelines/expense-to-gl.yaml"), "\napproval: { by: [me] }\n");
    const own = await typed(folder, "approve", PLAN);
    expect(own.code).toBe(7);
    expect(own.err).toContain("`me` made the plan, and somebody else must approve it");
    edit("pipelines/expense-to-gl.yaml", (text) => text.replace("by: [me]", "by: [me], author: may approve"));
    // An approval that was only written into the file is none.
    copyFileSync(path(PLAN), path("copy.plan"));
    expect((await typed(folder, "approve", PLAN)).out).toContain("approved by me, not signed");
    edit(
      "copy.plan",
      (text) => text + (/^\{"approval".*\n/m.exec(readFileSync(path(PLAN), "utf8"))?.[0] ?? "").replace('"reason":""', '"reason":"forged"'),
    );
    const forged = await typed(folder, "apply", "copy.plan");
    expect(forged.code).toBe(7);
    expect(forged.err).toContain("it was not given with this store");
    expect((await typed(folder, "apply", PLAN)).code).toBe(3);
  });

  test.skipIf(!hasOpenssl)("OpenSSL verifies the signature, and `status` says what waits for one (needs openssl)", async () => {
    approval();
    await typed(folder, "run", "--quiet");
    const file = ".sync/plans/expense-to-gl-1.plan";
    expect((await typed(folder, "status")).out).toContain(
      `expense-to-gl: 3 documents wait for a plan that is approved and applied\n  ${file}\n`,
    );
    await typed(folder, "approve", file, "--key", "li.na.key", "--reason", "对账无误");
    const lines = readFileSync(path(file), "utf8").trimEnd().split("\n");
    const said = (JSON.parse(lines.at(-1) ?? "") as { approval: Record<string, string> }).approval;
    const { plan, hash, by, user, host, at, reason, signature = "" } = said;
    writeFileSync(path("message"), `sync plan approval\n${JSON.stringify([plan, hash, by, user, host, at, reason])}`);
    writeFileSync(path("signature"), Buffer.from(signature, "base64"));
    const pem = spawnSync("openssl", ["pkey", "-in", "li.na.key", "-pubout", "-out", "li.na.pub"], { cwd: folder });
    expect(pem.status).toBe(0);
    const args = ["pkeyutl", "-verify", "-pubin", "-inkey", "li.na.pub", "-rawin", "-in", "message", "-sigfile", "signature"];
    expect(spawnSync("openssl", args, { cwd: folder, encoding: "utf8" }).stdout).toContain("Signature Verified Successfully");
    await typed(folder, "apply", file);
    expect((await typed(folder, "status")).out).not.toContain("approved and applied");
  });

  test("nobody else may, whatever key they have", async () => {
    approval();
    await typed(folder, "plan", "--out", PLAN);
    await keyOf("stranger");
    const stranger = await typed(folder, "approve", PLAN, "--key", "stranger.key");
    expect(stranger.code).toBe(7);
    expect(stranger.err).toContain("this key belongs to no approver of the project");
    expect((await typed(folder, "approve", PLAN)).err).toMatch(/the user `.+` is no approver of the project/);
  });
});

describe("two at once, and one that is broken off", () => {
  const CLAIMS = 3_000;
  const ended = async (child: ChildProcess): Promise<number | null> => (await once(child, "exit"))[0] as number | null;
  const apply = (): ChildProcess => spawn(process.execPath, [program, "apply", PLAN, "--quiet"], { cwd: folder, stdio: "ignore" });

  beforeEach(async () => {
    const [header = "", first = ""] = exported();
    const rows = Array.from({ length: CLAIMS }, (_, index) =>
      first.replace("BX26110001", `BX27${String(index).padStart(6, "0")}`).replace(/\d{20}/, String(index).padStart(20, "0")),
    );
    writeFileSync(path("exports/expenses-2026-11-11.csv"), `${[header, ...rows].join("\n")}\n`);
    await typed(folder, "plan", "--out", PLAN, "--quiet");
  });

  test("two processes post it once", async () => {
    const codes = await Promise.all([apply(), apply()].map(ended));
    expect(codes).toContain(3);
    expect(codes.every((code) => code === 3 || code === 6 || code === 7)).toBe(true);
    expect(posted()).toBe(CLAIMS + 3);
  });

  test("one that was killed in the middle is applied again, and ends as if it had not been", { timeout: 120_000 }, async () => {
    const child = apply();
    const end = ended(child);
    const begun = (): boolean => existsSync(path(".sync/books.db")) && booked() > 0;
    while (child.exitCode === null && !begun()) await new Promise((resolve) => setTimeout(resolve, 2));
    child.kill("SIGKILL");
    await end;
    const before = posted();
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(CLAIMS + 3);
    expect(await ended(apply())).toBe(3);
    expect(posted()).toBe(CLAIMS + 3);
    expect(await ended(apply())).toBe(7);
  });
});
