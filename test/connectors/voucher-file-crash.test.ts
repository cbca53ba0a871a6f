import { spawn } from "node:child_process";
import { existsSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Target } from "../../src/connectors/contract.js";
import { type Disk, realDisk } from "../../src/connectors/voucher-file/disk.js";
import { bundled } from "../bundled.js";
import {
  aDocument,
  aFolder,
  aTarget,
  Crash,
  contentOf,
  controlsOf,
  dyingDisk,
  filesIn,
  itemOf,
  leftovers,
  linesOf,
  only,
  openVoucherFiles,
  post,
  postOne,
  referenceOf,
  reversalOf,
  sha256,
} from "./voucher-file-setup.js";

const OPTIONS = { layout: "csv" } as const;
/** The effects of one file, in order; the folder `control` is made by the first. */
const EFFECTS = [
  ...["make folder", "sync folder", "create", "create", "sync folder", "link"],
  ...["sync folder", "rename", "sync folder", "remove"],
];
const LINK = EFFECTS.indexOf("link");
const RENAME = EFFECTS.indexOf("rename");

const WRITER = new URL("voucher-file-writer.ts", import.meta.url).pathname;

/** Runs a program of its own that writes, and gives its output, or the signal that ended it. */
function runWriter(...args: (string | number)[]): Promise<{ readonly out: string; readonly signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bundled(WRITER), ...args.map(String)], { stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    child.stdout.on("data", (piece) => {
      out += piece;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0 || signal !== null) resolve({ out, signal });
      else reject(new Error(`the writer ended with ${code}`));
    });
  });
}

const documents = [aDocument({ key: "A" }), aDocument({ key: "B" })];
const keyOf = (key: string): string => `expense/${key}/1`;

/** The importer takes the files there are, and gives back what it booked: the text of each line. */
function importAll(folder: string): string[] {
  return filesIn(folder).flatMap((name) => {
    const lines = linesOf(folder, name, "utf-8").map((cells) => cells.join(","));
    unlinkSync(join(folder, name));
    return lines;
  });
}

async function crashing(folder: string, at: number, work: (target: Target) => Promise<unknown>): Promise<string[]> {
  const { disk, effects } = dyingDisk(at);
  await openVoucherFiles(folder, OPTIONS, { disk })
    .then(work)
    .catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error;
    });
  return effects;
}

test("a file is written in these effects, and the link is the moment of posting", async () => {
  const { disk, effects } = dyingDisk(Number.POSITIVE_INFINITY);
  const { target, folder } = await aTarget(OPTIONS, { disk });
  await post(target, ...documents);
  expect(effects).toEqual(EFFECTS);
  expect(leftovers(folder)).toEqual([]);
});

describe("a program that dies", () => {
  const points = [...EFFECTS, "end"].map((effect, at) => [effect, at] as const);

  test.each(points)("before `%s` (%i) leaves all of its documents posted, or none; nothing is booked twice", async (_, at) => {
    for (const isTaken of [false, true]) {
      const folder = aFolder();
      const effects = await crashing(folder, at, (target) => post(target, ...documents));
      expect(effects).toEqual(EFFECTS.slice(0, at));
      const isPosted = at > LINK;
      // The importer may come at any time; what it sees before the program is started again it takes away.
      const booked: string[] = isTaken ? importAll(folder) : [];
      expect(booked.length).toBe(isTaken && at > RENAME ? 4 : 0);

      const target = await openVoucherFiles(folder, OPTIONS);
      for (const key of ["A", "B"]) expect((await target.lookup(keyOf(key))) !== null, key).toBe(isPosted);
      const files = filesIn(folder);
      expect(files).toEqual(isPosted && !(isTaken && at > RENAME) ? ["vouchers-20261201-000001.csv"] : []);
      for (const file of files) expect(sha256(contentOf(folder, file))).toBe(only(controlsOf(folder)).head.sha256);

      const outcomes = await post(target, ...documents, aDocument({ key: "C" }));
      expect(outcomes.map(({ kind }) => kind)).toEqual(isPosted ? ["exists", "exists", "created"] : ["created", "created", "created"]);
      booked.push(...importAll(folder));
      expect(booked.length).toBe(6);
      const numbers = booked.map((line) => line.split(",")[1] ?? "");
      expect([...new Set(numbers)].sort()).toEqual(["记-1", "记-2", "记-3"]);
      await (await openVoucherFiles(folder, OPTIONS)).lookup("");
      expect(filesIn(folder)).toEqual([]);
      expect(leftovers(folder)).toEqual([]);
    }
  });

  test.each(points.slice(LINK, LINK + 4))("and dies again while it puts that right (`%s`, %i)", async (_, at) => {
    for (let again = 0; ; again += 1) {
      const folder = aFolder();
      await crashing(folder, at, (target) => post(target, ...documents));
      const effects = await crashing(folder, again, (target) => target.lookup(keyOf("A")));
      const booked = importAll(folder);
      const target = await openVoucherFiles(folder, OPTIONS);
      const found = await target.lookup(keyOf("A"));
      expect(found !== null).toBe(at > LINK);
      booked.push(...importAll(folder));
      expect(booked.length).toBe(at > LINK ? 4 : 0);
      if (effects.length < again) break;
    }
  });

  test.each([LINK, LINK + 1, RENAME, RENAME + 1])("by a signal (before effect %i) is the same", async (at) => {
    const folder = aFolder();
    expect((await runWriter(folder, "die", at)).signal).toBe("SIGKILL");
    const target = await openVoucherFiles(folder, OPTIONS);
    expect((await target.lookup(keyOf("die-0-0"))) !== null).toBe(at > LINK);
    expect(filesIn(folder).length).toBe(at > LINK ? 1 : 0);
    const again = await runWriter(folder, "write", "die", 1, 2);
    expect(JSON.parse(again.out)).toEqual(at > LINK ? ["exists", "exists"] : ["created", "created"]);
    expect(controlsOf(folder).flatMap(({ entries }) => entries.map(({ key }) => key))).toEqual(["die-0-0", "die-0-1"].map(keyOf));
    expect(filesIn(folder).length).toBe(1);
  });
});

describe("several programs at once", () => {
  test("get different numbers, and each document is written once", async () => {
    const folder = aFolder();
    const names = ["甲", "乙", "丙"];
    // Each writes its own documents and the same five of all.
    const ended = await Promise.all(names.map((name) => runWriter(folder, "race", name, 6, 4)));
    const kinds = ended.flatMap(({ out }) => JSON.parse(out) as string[]);
    expect(kinds.filter((kind) => kind === "exists").length).toBe(2 * 6);
    expect(kinds.filter((kind) => kind === "created").length).toBe(3 * 6 * 4 + 6);
    const controls = controlsOf(folder);
    const entries = controls.flatMap((control) => control.entries);
    expect(new Set(entries.map(({ key }) => key)).size).toBe(3 * 6 * 4 + 6);
    expect(entries.map(({ number }) => number)).toEqual(entries.map((_, at) => at + 1));
    expect(filesIn(folder)).toEqual(controls.map(({ head }) => head.file).sort());
    for (const { head } of controls) expect(sha256(contentOf(folder, head.file))).toBe(head.sha256);
    await (await openVoucherFiles(folder, OPTIONS)).lookup("");
    expect(leftovers(folder)).toEqual([]);
  });

  test("one that finds the name of its file taken by the other begins anew too", async () => {
    const folder = aFolder();
    const other = await openVoucherFiles(folder, OPTIONS);
    let isOvertaken = false;
    const now = (): Date => {
      // Asked between the look at the folder and the writing.
      if (!isOvertaken) {
        isOvertaken = true;
        void other.post([itemOf(aDocument({ key: "X" }))]);
      }
      return new Date("2026-11-30T18:00:00Z");
    };
    const target = await openVoucherFiles(folder, OPTIONS, { now });
    expect(await postOne(target, aDocument({ key: "A" }))).toMatchObject({ reference: "2026-11 记-2, vouchers-20261201-000002.csv" });
  });

  test("one that was overtaken begins anew with what the other wrote in mind", async () => {
    const folder = aFolder();
    const other = await openVoucherFiles(folder, OPTIONS);
    let isOvertaken = false;
    const disk: Disk = {
      ...realDisk,
      link(from, to) {
        if (!isOvertaken) {
          isOvertaken = true;
          void other.post([itemOf(aDocument({ key: "A" })), itemOf(aDocument({ key: "X" }))]);
        }
        realDisk.link(from, to);
      },
    };
    const target = await openVoucherFiles(folder, OPTIONS, { disk });
    const [a, b] = await post(target, ...documents);
    expect(a).toMatchObject({ kind: "exists", reference: "2026-11 记-1, vouchers-20261201-000001.csv" });
    expect(b).toMatchObject({ kind: "created", reference: "2026-11 记-3, vouchers-20261201-000002.csv" });
    expect(filesIn(folder).length).toBe(2);
    expect(leftovers(folder)).toEqual([]);
  });
});

describe("a disk that fails", () => {
  const failing = (name: keyof Disk, code: string, nth = 1): Disk => {
    let calls = 0;
    const fail = (): void => {
      calls += 1;
      if (calls !== nth) return;
      throw Object.assign(new Error(`${code}: it fails, ${name}`), { code, syscall: name });
    };
    const effect = realDisk[name] as (...given: unknown[]) => void;
    const failsOnce = (...given: unknown[]): void => {
      fail();
      effect(...given);
    };
    return { ...realDisk, [name]: failsOnce };
  };

  test.each([
    ["create", "ENOSPC", 1],
    ["create", "ENOSPC", 2],
    ["create", "EROFS", 1],
    ["makeFolder", "EACCES", 1],
    ["syncFolder", "EIO", 2],
    ["link", "EPERM", 1],
  ] as const)("before the posting (%s, %s) stops the run, and nothing was published", async (name, code, nth) => {
    const { target, folder } = await aTarget(OPTIONS, { disk: failing(name, code, nth) });
    await expect(post(target, ...documents)).rejects.toThrow(/(TARGET_UNAVAILABLE|RUN_DISK_FULL): .*nothing was published/);
    expect([filesIn(folder), controlsOf(folder), leftovers(folder)]).toEqual([[], [], []]);
    expect(await target.lookup(keyOf("A"))).toBeNull();
    expect((await postOne(target, documents[0] as never)).kind).toBe("created");
  });

  test.each([
    ["syncFolder", 3],
    ["rename", 1],
    ["syncFolder", 4],
  ] as const)("after it (%s %i) leaves the documents in doubt, and a look-up puts it right first", async (name, nth) => {
    const { target, folder } = await aTarget(OPTIONS, { disk: failing(name, "EIO", nth) });
    const outcomes = await post(target, ...documents, aDocument({ key: "Z", lines: [] }));
    expect(outcomes.map(({ kind }) => kind)).toEqual(["unconfirmed", "unconfirmed", "rejected"]);
    expect((await target.lookup(keyOf("A")))?.reference).toBe("2026-11 记-1, vouchers-20261201-000001.csv");
    expect(filesIn(folder).length).toBe(1);
    expect((await post(target, ...documents)).map(({ kind }) => kind)).toEqual(["exists", "exists"]);
  });

  test("a link that was made although the share says it failed is noticed", async () => {
    const disk: Disk = {
      ...realDisk,
      link(from, to) {
        realDisk.link(from, to);
        throw Object.assign(new Error("EEXIST: file already exists"), { code: "EEXIST", syscall: "link" });
      },
    };
    const { target, folder } = await aTarget(OPTIONS, { disk });
    expect((await post(target, ...documents)).map(({ kind }) => kind)).toEqual(["created", "created"]);
    expect(filesIn(folder).length).toBe(1);
  });
});

describe("what is kept safe", () => {
  test("a file of somebody else is never overwritten", async () => {
    const { target, folder } = await aTarget(OPTIONS);
    realDisk.create(join(folder, "vouchers-20261201-000001.csv"), Buffer.from("theirs"), 0o666);
    await expect(post(target, ...documents)).rejects.toThrow(/is there already, and no control file knows of it/);
    expect(String(contentOf(folder, "vouchers-20261201-000001.csv"))).toBe("theirs");
    expect(controlsOf(folder)).toEqual([]);
  });

  test("nor is one that came while the program was dead: the posting waits until it is moved", async () => {
    const folder = aFolder();
    await crashing(folder, RENAME, (target) => post(target, ...documents));
    const theirs = join(folder, "vouchers-20261201-000001.csv");
    realDisk.create(theirs, Buffer.from("theirs"), 0o666);
    const target = await openVoucherFiles(folder, OPTIONS);
    await expect(target.lookup(keyOf("A"))).rejects.toThrow(/is there already/);
    unlinkSync(theirs);
    expect(await target.lookup(keyOf("A"))).not.toBeNull();
    expect(filesIn(folder).length).toBe(1);
  });

  test("a control file that is gone, changed or doubled stops everything", async () => {
    const { target, folder } = await aTarget(OPTIONS);
    for (const key of ["A", "B", "C"]) await postOne(target, aDocument({ key }));
    const second = join(folder, "control/000002.jsonl");
    const kept = join(folder, "kept");
    realDisk.rename(second, kept);
    const next = await openVoucherFiles(folder, OPTIONS);
    await expect(next.lookup(keyOf("A"))).rejects.toThrow(/000002.jsonl` is gone/);
    await expect(post(next, aDocument({ key: "D" }))).rejects.toThrow(/000002.jsonl` is gone/);
    realDisk.create(second, contentOf(folder, "control/000001.jsonl"), 0o444);
    await expect((await openVoucherFiles(folder, OPTIONS)).lookup(keyOf("A"))).rejects.toThrow(/says that it is number 1/);
    realDisk.rename(kept, second);
    expect(await next.lookup(keyOf("B"))).not.toBeNull();
    for (const name of ["000002", "000003"]) unlinkSync(join(folder, `control/${name}.jsonl`));
    await expect(next.lookup(keyOf("A"))).rejects.toThrow(/is gone: what it holds could be written again/);
  });

  test.each(["", "null", "{}", "not JSON", '{"control":2,"sequence":1}', '{"control":1,"sequence":1,"documents":1}\n{"key":"x"}'])(
    "a control file that says %o is none",
    async (text) => {
      const folder = aFolder();
      realDisk.makeFolder(join(folder, "control"));
      realDisk.create(join(folder, "control/000001.jsonl"), Buffer.from(text), 0o444);
      const target = await openVoucherFiles(folder, OPTIONS);
      await expect(target.lookup(keyOf("A"))).rejects.toThrow(
        /TARGET_UNAVAILABLE: the control file `.*000001.jsonl` (is none|cannot be read|has version 2)/,
      );
      await expect(post(target, ...documents)).rejects.toThrow(/TARGET_UNAVAILABLE/);
      expect(filesIn(folder)).toEqual([]);
    },
  );

  test("a folder that is not there is no empty folder", async () => {
    const { target, folder } = await aTarget(OPTIONS);
    await postOne(target, aDocument());
    realDisk.rename(folder, `${folder}-away`);
    await expect(target.lookup(keyOf("BX-001"))).rejects.toThrow(/TARGET_UNAVAILABLE/);
    realDisk.rename(`${folder}-away`, folder);
    expect(await target.lookup(keyOf("BX-001"))).not.toBeNull();
  });

  test("numbers go on where the newest control file ends, also when the import files are gone", async () => {
    const { target, folder } = await aTarget(OPTIONS);
    const reference = referenceOf(await postOne(target, aDocument({ key: "A" })));
    importAll(folder);
    const next = await openVoucherFiles(folder, OPTIONS);
    const [outcome] = await next.reverse([reversalOf(aDocument({ key: "A" }), reference)]);
    expect(outcome).toMatchObject({ kind: "created", reference: "2026-11 记-2, reversals-20261201-000002.csv" });
    expect(existsSync(join(folder, "vouchers-20261201-000001.csv"))).toBe(false);
  });
});
