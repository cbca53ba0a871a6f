import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { crc32, gzipSync } from "node:zlib";
import iconv from "iconv-lite";
import { describe, expect, test } from "vitest";
import { openCsvSource } from "../../src/connectors/csv/source.js";
import { sourceConformance } from "./conformance.js";
import { columnsOf, contextIn, folderWith, type Given, optionsOf, outcomeOf } from "./csv-setup.js";
import { extraField, type ZipPart, zipOf } from "./zip-writer.js";

const fixture = (name: string): Buffer => readFileSync(fileURLToPath(new URL(`../../fixtures/connectors/csv/${name}`, import.meta.url)));
const a = columnsOf("a");

async function read(
  files: Record<string, string | Buffer>,
  given: Given = {},
  columns = a,
  wasRead = (_unit: string, _hash: string) => false,
) {
  const folder = folderWith(files);
  return outcomeOf(openCsvSource({}, optionsOf({ files: Object.keys(files), ...given }), contextIn(folder)), columns, wasRead);
}

const archive = (...parts: ZipPart[]) => ({ "a.zip": zipOf(parts) });

const rows = Array.from({ length: 5000 }, (_, index) => `BX-${index},${index}.50`).join("\n");

sourceConformance("csv, packed", () => {
  const folder = folderWith({
    "报销-1.csv.gz": gzipSync(`单号,金额\n${rows}\n`),
    "报销-2.zip": zipOf([
      { name: "b.csv", content: "金额,单号\n3.00,BX-1\n坏行\n" },
      { name: "a.csv", content: `单号,金额\n${rows}\n` },
      { name: "没有这些列.csv", content: "x\n1\n" },
    ]),
  });
  const options = optionsOf({ files: ["*.gz", "*.zip"] });
  return { folder, columns: columnsOf("金额", "单号"), open: (context) => openCsvSource({}, options, context) };
});

describe("a gzip file", () => {
  test("is read as what it holds, in any number of members, and has the fingerprint of that", async () => {
    const text = "a\n1\n2\n";
    const members = Buffer.concat([gzipSync("a\n1\n"), gzipSync("2\n")]);
    const { rows, events } = await read({ "a.csv.gz": members, "b.csv.GZ": gzipSync(text, { level: 1 }) });
    expect(rows).toEqual([["1"], ["2"], ["1"], ["2"]]);
    const fingerprint = createHash("sha256").update(text).digest("hex");
    expect(events.filter(({ kind }) => kind === "complete")).toMatchObject([
      { unit: "a.csv.gz", fingerprint },
      { unit: "b.csv.GZ", fingerprint },
    ]);
  });

  test.each([
    ["is cut off", gzipSync("a\n1\n").subarray(0, 15), "`a.csv.gz` cannot be unpacked: it ends too early"],
    ["is no gzip file", Buffer.from("a\n1\n"), "`a.csv.gz` cannot be unpacked: incorrect header check"],
    ["is empty", Buffer.alloc(0), "`a.csv.gz` cannot be unpacked: it ends too early"],
  ])("that %s is abandoned", async (_, content, message) => {
    const { problems, complete } = await read({ "a.csv.gz": content });
    expect([problems.map((each) => each.message), complete]).toEqual([[message], []]);
  });

  test("that unpacks to more than the limit is abandoned without being unpacked", async () => {
    const bomb = gzipSync(Buffer.alloc(40_000_000, "a\n"));
    expect(bomb.length).toBeLessThan(200_000);
    const { problems, complete } = await read({ "a.csv.gz": bomb }, { unpack_limit: "1MB" });
    expect(problems).toMatchObject([{ code: "SOURCE_TOO_LARGE", message: "`a.csv.gz` holds more than 1 MB once it is unpacked" }]);
    expect(complete).toEqual([]);
  });

  test("reports the line and position of what it holds", async () => {
    const { problems } = await read({ "a.csv.gz": gzipSync(Buffer.from([0x61, 0x0a, 0x31, 0x0a, 0xff, 0x0a])) }, { encoding: "utf-8" });
    expect(problems).toMatchObject([{ code: "SOURCE_DECODE", at: [{ file: "a.csv.gz", line: 3 }] }]);
  });
});

describe("a zip archive", () => {
  test("gives each entry as a unit of its own, numbered as people do; hidden ones and folders are none", async () => {
    const { complete, rows } = await read(
      archive(
        { name: "10.csv", content: "a\n10\n" },
        { name: "9.csv", content: "a\n9\n", method: 0 },
        { name: "旧/", content: "" },
        { name: "旧/1.csv.gz", content: gzipSync("a\n1\n") },
        { name: "__MACOSX/._9.csv", content: "x" },
      ),
    );
    expect(complete).toEqual(["a.zip!9.csv", "a.zip!10.csv", "a.zip!旧/1.csv.gz"]);
    expect(rows).toEqual([["9"], ["10"], ["1"]]);
  });

  test("is looked through by patterns or exact names, and says when none matches", async () => {
    const files = archive(
      { name: "a(1).csv", content: "a\n1\n" },
      { name: "b.csv", content: "a\n2\n" },
      { name: "说明.txt", content: "x" },
    );
    expect((await read(files, { entries: "*.csv" })).complete).toEqual(["a.zip!a(1).csv", "a.zip!b.csv"]);
    expect((await read(files, { entries: "a(1).csv" })).complete).toEqual(["a.zip!a(1).csv"]);
    expect((await read(files, { entries: ["**", "!*.txt", "!b*"] })).complete).toEqual(["a.zip!a(1).csv"]);
    const { problems } = await read(files, { entries: "*.CSV" });
    expect(problems).toMatchObject([{ code: "SOURCE_NO_FILES", message: "no entry of `a.zip` matches `*.CSV`" }]);
  });

  test("reads entries that were not read before, and abandons only those that are broken", async () => {
    const files = archive(
      { name: "1.csv", content: "a\n1\n" },
      { name: "2.csv", content: "a\n2\n", claims: { crc: 1 } },
      { name: "3.csv", content: "a\n3\n" },
    );
    const { events } = await read(files, {}, a, (unit) => unit === "a.zip!1.csv");
    expect(events.map((event) => [event.kind, "unit" in event ? event.unit : null])).toEqual([
      ["known", "a.zip!1.csv"],
      ["abandoned", "a.zip!2.csv"],
      ["records", "a.zip!3.csv"],
      ["complete", "a.zip!3.csv"],
    ]);
  });

  test("has names in UTF-8 or in the GBK of Chinese Windows", async () => {
    const gbk = iconv.encode("账单\\三月.csv", "gbk");
    const second = Buffer.concat([Buffer.from([1]), Buffer.alloc(4), Buffer.from("日.csv")]);
    second.writeUInt32LE(crc32(Buffer.from("x.csv")), 1);
    const { complete } = await read(
      archive(
        { name: gbk, content: "a\n1\n" },
        { name: Buffer.from("五月.csv"), content: "a\n2\n" },
        { name: Buffer.from("x.csv"), content: "a\n3\n", extra: extraField(0x7075, second) },
        { name: Buffer.from([0xff, 0xff, 0x2e, 0x63, 0x73, 0x76]), content: "a\n4\n" },
      ),
    );
    expect([...complete].sort()).toEqual(["a.zip!ÿÿ.csv", "a.zip!五月.csv", "a.zip!日.csv", "a.zip!账单/三月.csv"]);
  });

  test("may be written in the long form, and have a comment", async () => {
    const content = zipOf([{ name: "a.csv", content: "a\n1\n", isLong: true }], { isLong: true, comment: "von 微信" });
    expect((await read({ "a.zip": content })).rows).toEqual([["1"]]);
  });

  test("as another program writes it reads the same", async () => {
    const { rows, problems, complete } = await read({ "账单.zip": fixture("账单-gbk.zip") }, {}, columnsOf("单号", "金额"));
    expect(problems).toEqual([]);
    expect(complete).toEqual(["账单.zip!三月/账单-1.csv", "账单.zip!三月/账单-2.csv"]);
    expect(rows).toEqual([
      ["00042", "1,280.00"],
      ["00043", "3.00"],
    ]);
  });

  const one = { name: "a.csv", content: "a\n1\n" };
  test.each<[string, Buffer, string, string]>([
    ["is no archive", Buffer.from("a\n1\n"), "a.zip", "`a.zip` cannot be unpacked: it has no directory at its end"],
    ["is cut off", zipOf([one]).subarray(0, -1), "a.zip", "`a.zip` cannot be unpacked: it has no directory at its end"],
    ["is encrypted", zipOf([{ ...one, flags: 1 }]), "a.zip!a.csv", "`a.zip!a.csv` is encrypted"],
    ["uses a rare method", zipOf([{ ...one, method: 12 }]), "a.zip!a.csv", "`a.zip!a.csv` is compressed with bzip2"],
    [
      "lies about a size",
      zipOf([{ ...one, claims: { size: 3 } }]),
      "a.zip!a.csv",
      "`a.zip!a.csv` cannot be unpacked: it holds 4 bytes instead of 3",
    ],
    [
      "has other bytes than it says",
      zipOf([{ ...one, claims: { crc: 7 } }]),
      "a.zip!a.csv",
      "`a.zip!a.csv` cannot be unpacked: its checksum is wrong",
    ],
    ["holds an archive", zipOf([{ name: "b.zip", content: "x" }]), "a.zip!b.zip", "`a.zip!b.zip` is an archive within an archive"],
    ["climbs out of its folder", zipOf([{ ...one, name: "../a.csv" }]), "a.zip", "`a.zip` has an entry with an unusable name, `../a.csv`"],
    ["names a root", zipOf([{ ...one, name: "C:\\a.csv" }]), "a.zip", "`a.zip` has an entry with an unusable name, `C:/a.csv`"],
    [
      "has a name with a control character",
      zipOf([{ ...one, name: "a\u0007.csv" }]),
      "a.zip",
      "`a.zip` has an entry with an unusable name, `a\\u0007.csv`",
    ],
    ["has a name twice", zipOf([one, one]), "a.zip", "`a.zip` cannot be unpacked: it has two entries `a.csv`"],
    [
      "has entries over each other",
      zipOf([one, { ...one, name: "b.csv", claims: { headerAt: 0 } }]),
      "a.zip",
      "`a.zip` cannot be unpacked: its entry `a.csv` runs into the next one",
    ],
  ])("that %s is abandoned, with the reason", async (_, content, unit, message) => {
    const { events } = await read({ "a.zip": content });
    expect(events).toMatchObject([{ kind: "abandoned", unit, problem: { message } }]);
  });

  test("with an entry larger than the limit gives the others", async () => {
    const files = archive({ name: "1.csv", content: "a\n".repeat(600_000) }, { name: "2.csv", content: "a\n2\n" });
    const { problems, complete } = await read(files, { unpack_limit: "1MB" });
    expect(problems).toMatchObject([{ code: "SOURCE_TOO_LARGE", message: "`a.zip!1.csv` holds more than 1 MB once it is unpacked" }]);
    expect(complete).toEqual(["a.zip!2.csv"]);
  });
});
