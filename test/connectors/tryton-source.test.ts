import { describe, expect, test } from "vitest";
import type { SourceEvent } from "../../src/connectors/contract.js";
import { ProblemError } from "../../src/model/problem.js";
import { type Reading, readTryton } from "../erp/tryton-books.js";
import { recordsOf } from "./conformance.js";
import { only } from "./http-setup.js";
import { type Answers, D, day, Failure, moment, serveTryton } from "./tryton-setup.js";

async function read(answers: Answers, reading: Reading) {
  const server = await serveTryton(answers);
  return { server, events: await readTryton(server.place, reading) };
}

const cellsOf = (events: readonly SourceEvent[]) => recordsOf(events).map(({ cells }) => cells);
const LINES = "model.account.move.line.search_read";
const PARTIES = "model.party.party.search_read";

describe("values", () => {
  test.each<[string, unknown, unknown]>([
    ["an amount, with every digit", D("90071992547409.93"), "90071992547409.93"],
    ["an amount with its zeros", D("880.00"), "880.00"],
    ["a reversed zero", D("-0"), "0"],
    ["an amount with an exponent", D("1E+2"), "100"],
    ["a day", day(2026, 3, 1), "2026-03-01"],
    ["an instant, to the millisecond", moment(7, 351_967), "2026-11-20T08:00:07.351Z"],
    ["a time", { __class__: "time", hour: 8, minute: 5, second: 0, microsecond: 0 }, "08:05:00"],
    ["a duration", { __class__: "timedelta", seconds: 90.5 }, "90.5"],
    ["bytes", { __class__: "bytes", base64: "PHg+" }, "PHg+"],
    ["a text", " 00042", " 00042"],
    ["an empty text", "", null],
    ["nothing", null, null],
    ["a boolean of PostgreSQL", true, true],
    ["a boolean of SQLite", 1, "1"],
    ["a reference", "account.move,17", "account.move,17"],
  ])("%s", async (_, value, cell) => {
    const { events } = await read({ [LINES]: () => [{ id: 1, value }] }, { options: { stream: "move lines" }, columns: ["value"] });
    expect(cellsOf(events)).toEqual([[cell]]);
  });

  test("behind references, also where nothing is referred to", async () => {
    const rows = [
      { id: 1, "move.": { id: 9, post_number: "记-1", "journal.": { id: 5, code: "GEN" } }, "party.": null },
      { id: 2, "move.": { id: 9, post_number: null, "journal.": null }, "party.": { id: 3, code: "E001" } },
    ];
    const columns = ["move.post_number", "move.journal.code", "party.code"];
    const { events, server } = await read({ [LINES]: () => rows }, { options: { stream: "move lines" }, columns });
    expect(cellsOf(events)).toEqual([
      ["记-1", "GEN", null],
      [null, null, "E001"],
    ]);
    expect(only(server.of(LINES)).params[4]).toEqual(columns);
  });

  test("a list is no cell: its record goes to quarantine, the others go on", async () => {
    const rows = [
      { id: 1, code: "A", addresses: [1, 2] },
      { id: 2, code: "B", addresses: null },
    ];
    const { events } = await read({ [PARTIES]: () => rows }, { options: { stream: "parties" }, columns: ["code", "addresses"] });
    expect(cellsOf(events)).toEqual([["B", null]]);
    const malformed = events.flatMap((event) => (event.kind === "records" ? event.malformed : []));
    expect(only(malformed)).toMatchObject({ line: 1, problem: { code: "RECORD_MALFORMED" } });
  });
});

describe("changes", () => {
  const since = { start: "2026-11-01T00:00:00Z", overlap: "5m" };
  const at = (hour: number, minute: number, second = 0) => ({ ...moment(second), hour, minute });

  test("are told by write_date, and by create_date as long as that is empty", async () => {
    const rows = [
      { id: 1, write_date: null, create_date: moment(1) },
      { id: 2, write_date: moment(3), create_date: moment(2) },
    ];
    const { events, server } = await read(
      { [PARTIES]: () => rows },
      {
        options: { stream: "parties", since },
        columns: ["changed"],
        since: "2026-11-20T08:00:00.000Z",
        now: () => new Date("2026-11-20T09:00:00Z"),
      },
    );
    expect(cellsOf(events)).toEqual([["2026-11-20T08:00:01.000Z"], ["2026-11-20T08:00:03.000Z"]]);
    const [from, to] = [at(7, 55), at(9, 0)];
    expect(only(server.of(PARTIES)).params[0]).toEqual([
      [
        "OR",
        [
          ["write_date", ">=", from],
          ["write_date", "<", to],
        ],
        [
          ["write_date", "=", null],
          ["create_date", ">=", from],
          ["create_date", "<", to],
        ],
      ],
      ["id", ">", 0],
    ]);
  });

  test("of a long time are read in several spans, each a unit, with nothing between them", async () => {
    const { events, server } = await read(
      { [PARTIES]: () => [] },
      {
        options: { stream: "parties", since: { ...since, overlap: "0", most: "10d" } },
        columns: ["code"],
        now: () => new Date("2026-11-25T00:00:00Z"),
      },
    );
    expect(events.map(({ kind }) => kind)).toEqual(["complete", "complete", "complete"]);
    const bounds = server.of(PARTIES).map(({ params }) => (params[0] as unknown[][][][])[0]?.[1]?.map((clause) => clause[2]));
    for (const [index, bound] of bounds.entries()) if (index > 0) expect(bound?.[0]).toEqual(bounds[index - 1]?.[1]);
  });
});

describe("reading", () => {
  test("asks for the next page from the last id on, so that none is skipped when others go meanwhile", async () => {
    const all = [3, 4, 7, 9, 12].map((id) => ({ id, code: `P${id}` }));
    const { events, server } = await read(
      {
        [PARTIES]: ([domain, , limit]) => {
          const [, , after] = (domain as unknown[][]).at(-1) ?? [];
          return all.filter(({ id }) => id > Number(after)).slice(0, Number(limit));
        },
      },
      { options: { stream: "parties", page_size: 2, inactive: true, domain: [["active", "=", true]] }, columns: ["code"] },
    );
    expect(cellsOf(events)).toEqual([["P3"], ["P4"], ["P7"], ["P9"], ["P12"]]);
    expect(server.of(PARTIES).map(({ params }) => params[0])).toEqual(
      [0, 4, 9].map((id) => [
        ["active", "=", true],
        ["id", ">", id],
      ]),
    );
    expect(server.of(PARTIES)[0]?.params.at(-1)).toEqual({ company: 1, active_test: false });
  });

  test("says known where a unit was taken with this content", async () => {
    const answers = { [PARTIES]: () => [{ id: 1, code: "A" }] };
    const reading = { options: { stream: "parties" }, columns: ["code"] };
    const [, complete] = (await read(answers, reading)).events;
    const fingerprint = complete?.kind === "complete" ? complete.fingerprint : "";
    const { events } = await read(answers, { ...reading, wasRead: (_, found) => found === fingerprint });
    expect(events).toEqual([{ kind: "known", unit: "party.party" }]);
  });

  test.each<[string, Answers["x"]]>([
    ["an error with HTTP 200", () => new Failure(["'nope'", ""])],
    ["no list", () => 1],
    ["a page", () => ({ body: "<html></html>" })],
    ["a method that is not offered", () => ({ status: 403, body: "" })],
  ])("takes nothing from a unit whose answer is %s", async (_, answer) => {
    const { events } = await read({ [PARTIES]: answer }, { options: { stream: "parties" }, columns: ["nope"] });
    expect(only(events)).toMatchObject({ kind: "abandoned", problem: { code: "SOURCE_UNREADABLE" } });
  });

  test("asks again where the database had a lock", async () => {
    let tries = 0;
    const { events } = await read(
      {
        [PARTIES]: () => {
          tries += 1;
          return tries < 3 ? new Failure(["database is locked", ""]) : [{ id: 1, code: "A" }];
        },
      },
      { options: { stream: "parties" }, columns: ["code"] },
    );
    expect([cellsOf(events), tries]).toEqual([[["A"]], 3]);
  });

  test("leaves a column empty that is no field and can be done without, and stops for one that cannot", async () => {
    const answers = { [PARTIES]: () => [{ id: 1, code: "A" }] };
    const column = (required: boolean) => ({ name: "备注", aliases: [], required });
    const { events } = await read(answers, { options: { stream: "parties" }, columns: ["code", column(false)] });
    expect(cellsOf(events)).toEqual([["A", null]]);
    await expect(read(answers, { options: { stream: "parties" }, columns: [column(true)] })).rejects.toThrow("SOURCE_MISSING_COLUMN");
  });

  test.each([{}, { stream: "parties", model: "party.party" }, { stream: "parties", domain: [["rate", "=", 0.5]] }])(
    "%j is refused before anything is sent",
    async (options) => {
      await expect(read({}, { options, columns: ["code"] })).rejects.toThrow(ProblemError);
    },
  );

  test("of a company that is not there, or one of several, says which there are", async () => {
    const { events } = await read({}, { options: { stream: "parties" }, columns: ["code"], connection: { company: "另一家" } });
    expect(only(events)).toMatchObject({ kind: "abandoned", problem: { hint: expect.stringContaining("示例科技有限公司") } });
  });
});
