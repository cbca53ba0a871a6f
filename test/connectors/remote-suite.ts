import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { SourceEvent } from "../../src/connectors/contract.js";
import { openCsvSource } from "../../src/connectors/csv/source.js";
import { sourceConformance } from "./conformance.js";
import { columnsOf, optionsOf, outcomeOf } from "./csv-setup.js";
import { freePort, PASSWORD } from "./file-servers.js";
import { connectionOf, expectEmpty, failureOn, ownTemporaryFolder, readOn, sourceOn } from "./remote-setup.js";
import { zipOf } from "./zip-writer.js";

/** A place on a server that holds nothing but what a test puts there. */
export interface RemotePlace {
  /** The connection as it stands in sync.yaml, with these keys of its block changed. */
  connection(changes?: object): object;
  put(name: string, content: string | Uint8Array): void | Promise<void>;
  remove(name: string): void | Promise<void>;
  /** Paths of all files, sorted. */
  names(): string[] | Promise<string[]>;
}

export interface RemoteKind {
  /** Where the password is, and another one that is wrong. */
  readonly wrongSecret: object;
  readonly secrets: readonly string[];
  /** Files are seen there while they are written. */
  readonly showsGrowing: boolean;
  readonly port: (connection: object, port: number) => object;
  place(): RemotePlace | Promise<RemotePlace>;
}

const a = columnsOf("a");
const rows = (count: number, from = 0): string => `a\n${Array.from({ length: count }, (_, index) => `${from + index}\n`).join("")}`;

/** What every server that holds files must allow, and what must not happen there. */
export function remoteSuite(name: string, kind: RemoteKind): void {
  sourceConformance(`csv on ${name}`, async () => {
    const place = await kind.place();
    await place.put("报销-9.csv", `单号,金额\n${Array.from({ length: 5000 }, (_, index) => `BX-${index},${index}.50\n`).join("")}`);
    await place.put("报销-10.csv", "金额,单号\n3.00,BX-1\n");
    const connection = connectionOf(place.connection());
    return { folder: "/", columns: columnsOf("金额", "单号"), open: (context) => openCsvSource(connection, optionsOf({}), context) };
  });

  describe(`files on ${name}`, () => {
    test("are read as those of a folder: by patterns, in order, from subfolders, packed ones unpacked; nothing is left here", async () => {
      const temporary = ownTemporaryFolder();
      const place = await kind.place();
      await place.put("报销-10.csv", rows(1, 10));
      await place.put("报销-9.csv", rows(1, 9));
      await place.put("a (1).csv", rows(1, 1));
      await place.put("2026/三月/b.csv.gz", gzipSync(rows(1, 2)));
      await place.put("2026/c.zip", zipOf([{ name: "x/1.csv", content: rows(1, 3) }]));
      await place.put("2026/草稿-1.csv", rows(1, 99));
      await place.put("notes.txt", "no");
      const source = sourceOn(place.connection(), { files: ["*.csv", "2026/**/*.{csv,csv.gz,zip}", "!**/草稿-*"] });
      const events: SourceEvent[] = [];
      for await (const event of source.read({ columns: a, since: null, wasRead: () => false })) {
        events.push(event);
        expectEmpty(temporary);
      }
      expect(events.flatMap((event) => (event.kind === "complete" ? [event.unit] : []))).toEqual([
        "2026/c.zip!x/1.csv",
        "2026/三月/b.csv.gz",
        "a (1).csv",
        "报销-9.csv",
        "报销-10.csv",
      ]);
      expect(events.flatMap((event) => (event.kind === "records" ? event.records.map(({ cells }) => cells[0]) : []))).toEqual([
        "3",
        "2",
        "1",
        "9",
        "10",
      ]);
      expect((await readOn(place.connection(), { files: "a (1).csv" })).complete).toEqual(["a (1).csv"]);
    });

    test("of some size come to the byte, and are known the next time", async () => {
      const place = await kind.place();
      const content = `a,b\n${Array.from({ length: 3000 }, () => `1,${randomBytes(1500).toString("hex")}\n`).join("")}`;
      await place.put("big.csv", content);
      const { complete, events, rows } = await readOn(place.connection());
      expect([complete, rows.length]).toEqual([["big.csv"], 3000]);
      const { fingerprint } = events.find(({ kind }) => kind === "complete") as { fingerprint: string };
      const again = await readOn(place.connection(), {}, {}, (unit, hash) => unit === "big.csv" && hash === fingerprint);
      expect(again.events).toEqual([{ kind: "known", unit: "big.csv" }]);
    });

    test("may be empty, or none", async () => {
      const place = await kind.place();
      await place.put("other.txt", "");
      expect((await failureOn(place.connection())).code).toBe("SOURCE_NO_FILES");
      await place.put("empty.csv", "");
      expect((await readOn(place.connection())).events.length).toBe(1);
    });

    if (kind.showsGrowing) {
      test("that grow are left for the next run, and the others are read", async () => {
        const place = await kind.place();
        await place.put("1.csv", rows(1));
        await place.put("2.csv", rows(1));
        const waited: number[] = [];
        const sleep = async (ms: number): Promise<void> => {
          waited.push(ms);
          await place.put("2.csv", rows(2));
        };
        const { complete, problems } = await readOn(place.connection(), { settle: "5s" }, { sleep });
        expect([complete, problems.map(({ code }) => code), waited]).toEqual([["1.csv"], ["SOURCE_FILE_GROWING"], [5000]]);
      });
    }

    test("that are replaced between listing and copying are not taken", async () => {
      const place = await kind.place();
      await place.put("1.csv", rows(1));
      await place.put("2.csv", rows(1));
      const source = sourceOn(place.connection(), { settle: "0" });
      const events: SourceEvent[] = [];
      for await (const event of source.read({ columns: a, since: null, wasRead: () => false })) {
        if (event.kind === "complete" && event.unit === "1.csv") await place.put("2.csv", rows(500));
        events.push(event);
      }
      expect(events.at(-1)).toMatchObject({ kind: "abandoned", unit: "2.csv", problem: { code: "SOURCE_FILE_CHANGED" } });
    });

    test("wait for their markers", async () => {
      const place = await kind.place();
      await place.put("1.csv", rows(1));
      await place.put("1.csv.ok", "");
      await place.put("2.csv", rows(1));
      const { complete, problems } = await readOn(place.connection(), { files: "*", marker: "{file}.ok" });
      expect(complete).toEqual(["1.csv"]);
      expect(problems).toMatchObject([
        { code: "SOURCE_FILE_GROWING", message: "`2.csv` has no `2.csv.ok` beside it and was left for the next run" },
      ]);
    });

    test("are moved once they are taken, with their markers, and never over others", async () => {
      const place = await kind.place();
      await place.put("in/1.csv", rows(1));
      await place.put("in/1.ok", "");
      await place.put("done/in/1.csv", "older");
      await place.put(
        "2.zip",
        zipOf([
          { name: "a.csv", content: rows(1, 7) },
          { name: "b.csv", content: "x\n1\n" },
        ]),
      );
      await place.put("2.ok", "");
      const source = sourceOn(place.connection(), {
        files: ["**/*.csv", "*.zip"],
        marker: "{name}.ok",
        archive: { move: "done", same_name: "newer" },
      });
      const { complete } = await outcomeOf(source, a);
      expect(complete).toEqual(["2.zip!a.csv", "in/1.csv"]);
      expect(await source.settled?.(complete)).toEqual([]);
      expect(await place.names()).toEqual(["2.ok", "2.zip", "done/in/1.csv", "done/in/1.ok", "done/in/1~2.csv"]);
      expect((await readOn(place.connection(), { archive: { move: "done", same_name: "newer" } })).complete).toEqual([]);
    });

    test("are marked once they are taken, and only what was read", async () => {
      const place = await kind.place();
      for (const name of ["1.csv", "2.csv", "3.csv"]) await place.put(name, rows(1));
      const source = sourceOn(place.connection(), { files: "*", archive: { mark: ".done", same_name: "newer" } });
      const { complete } = await outcomeOf(source, a);
      await place.put("2.csv", rows(2));
      const problems = await source.settled?.(complete.filter((unit) => unit !== "3.csv"));
      expect(problems).toMatchObject([
        { code: "SOURCE_NOT_ARCHIVED", message: expect.stringMatching(/^`2.csv` was taken, .* it was replaced/) },
      ]);
      expect(await place.names()).toEqual(["1.csv.done", "2.csv", "3.csv"]);
      const again = sourceOn(place.connection(), { files: "*", archive: { mark: ".done", same_name: "newer" } });
      expect((await outcomeOf(again, a)).complete).toEqual(["2.csv", "3.csv"]);
    });

    test("with the name of one that was archived are not taken for it", async () => {
      const place = await kind.place();
      await place.put("1.csv", rows(1));
      await place.put("done/1.csv", rows(1));
      const { problems, complete } = await readOn(place.connection(), { files: "*.csv", archive: { move: "done", same_name: "refuse" } });
      expect([complete, problems.map(({ code }) => code)]).toEqual([[], ["SOURCE_SAME_NAME"]]);
    });

    test("cannot be read where nobody answers, and that is no empty folder", async () => {
      const place = await kind.place();
      const problem = await failureOn(kind.port(place.connection(), await freePort()));
      expect(problem.code).toBe("SOURCE_UNREADABLE");
      expect(problem.message).toMatch(/cannot be read: the connection was refused \(ECONNREFUSED\); tried 3 times$/);
    });

    test("are not given to somebody with a wrong secret, which is not repeated", async () => {
      const place = await kind.place();
      const problem = await failureOn(place.connection(kind.wrongSecret));
      expect(problem).toMatchObject({ code: "SOURCE_SIGN_IN" });
      for (const secret of [...kind.secrets, PASSWORD]) expect(JSON.stringify(problem)).not.toContain(secret);
    });

    test("leave nothing here when the run is stopped", async () => {
      const temporary = ownTemporaryFolder();
      const place = await kind.place();
      await place.put("1.csv", rows(100_000));
      await place.put("2.csv", rows(1));
      const stop = new AbortController();
      const source = sourceOn(place.connection(), {}, { signal: stop.signal });
      const events: SourceEvent[] = [];
      for await (const event of source.read({ columns: a, since: null, wasRead: () => false })) {
        events.push(event);
        stop.abort();
      }
      expect(events.map(({ kind }) => kind)).toEqual(["records"]);
      expectEmpty(temporary);
    });
  });
}
