import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readKey, writeKey } from "../../src/connectors/tryton/key.js";
import type { PostOutcome } from "../../src/model/posting.js";
import { ProblemError } from "../../src/model/problem.js";
import { aLine, aMove, itemFor, openTryton, postingOf, type Written } from "../erp/tryton-books.js";
import { noteWhatCameOut, only, SECRETS } from "./http-setup.js";
import { type Answers, D, day, Failure, keeping, serveTryton } from "./tryton-setup.js";

const refusal = (message: string) => new Failure(["UserError", [message, "", null]]);
const move = (key = "BX-001") => itemFor(aMove({ key, lines: aMove().lines.map((line) => ({ ...line, dimensions: {} })) }));

async function post(answers: Answers, options: Written = {}, connection: Written = {}, items = [move()]) {
  const server = await serveTryton(answers);
  const target = await openTryton(server.place, options, connection);
  const outcomes = await target.post(items);
  noteWhatCameOut(JSON.stringify(outcomes));
  return { server, target, outcomes, outcome: outcomes[0] as PostOutcome };
}

/** The problem that a call throws. */
async function thrown(work: Promise<unknown>) {
  const error = await work.then(
    () => null,
    (cause: unknown) => cause,
  );
  if (!(error instanceof ProblemError)) throw new Error(`expected a problem, got ${String(error)}`);
  noteWhatCameOut(error.message);
  return error.problems[0];
}

describe("calls", () => {
  test("have id, method and parameters and nothing else, go to the database with a slash, and end with the context", async () => {
    const { server } = await post(keeping(), {}, { language: "zh_CN" });
    const [login, ...others] = server.calls;
    expect(login?.params).toEqual(["poster", { password: SECRETS.password }, "zh_CN"]);
    for (const { received } of server.calls) {
      expect([received.method, received.url]).toEqual(["POST", "/erp/"]);
      expect(Object.keys(JSON.parse(received.body) as object)).toEqual(["id", "method", "params"]);
    }
    const session = `Session ${Buffer.from("poster:7:session-of-poster-4711").toString("base64")}`;
    expect(new Set(others.map(({ received }) => received.headers.authorization))).toEqual(new Set([session]));
    expect(only(server.of("model.account.move.create")).params.at(-1)).toEqual({ language: "zh_CN", company: 1 });
  });

  test("carry amounts and days in Tryton's own writing, digit by digit", async () => {
    const lines = [
      aLine({ amountMinor: 9_007_199_254_740_993n, dimensions: {}, text: "a\n\tb" }),
      aLine({ side: "credit", amountMinor: 9_007_199_254_740_993n, account: "2241", partner: "E001", dimensions: {} }),
    ];
    const { server, outcome } = await post(keeping(), {}, {}, [itemFor(aMove({ lines }))]);
    expect(outcome).toEqual({ kind: "created", reference: "1", step: "draft", isDraft: true });
    expect(only(server.of("model.account.move.create")).params[0]).toEqual([
      {
        company: 1,
        journal: 5,
        period: 23,
        date: day(2026, 11, 20),
        description: "p/BX-001/1",
        lines: [
          [
            "create",
            [
              { account: 20, debit: D("90071992547409.93"), credit: D("0"), description: "a b" },
              { account: 21, debit: D("0"), credit: D("90071992547409.93"), description: "办公用品", party: 40 },
            ],
          ],
        ],
      },
    ]);
  });

  test("go on after a session that ended, signed in anew once, because a 401 proves that nothing was done", async () => {
    let ended = 0;
    const made = keeping();
    const { server, outcome } = await post({
      ...made,
      "model.account.move.create": (params, call, response) => {
        ended += 1;
        return ended === 1 ? { status: 401, body: "" } : made["model.account.move.create"]?.(params, call, response);
      },
    });
    expect(outcome.kind).toBe("created");
    expect([server.of("common.db.login").length, server.of("model.account.move.create").length]).toEqual([2, 2]);
  });

  test("end where the new session is refused too", async () => {
    const server = await serveTryton({ "model.account.move.create": () => ({ status: 401, body: "" }) });
    const target = await openTryton(server.place);
    expect((await thrown(target.post([move()])))?.code).toBe("TARGET_SIGN_IN");
    expect(server.of("model.account.move.create")).toHaveLength(2);
  });

  test.each<[string, Answers["x"]]>([
    ["an empty 401", () => ({ status: 401, body: "" })],
    ["a question for more", () => new Failure(["LoginException", ["password", "Password for poster", "password"]])],
    ["an unknown database", () => new Failure(["Database 'erp' doesn't exist!", ""])],
    ["no session", () => [7, null]],
  ])("a login that is refused by %s is not tried again, because that shuts the user out", async (_, login) => {
    const server = await serveTryton({ "common.db.login": login });
    const target = await openTryton(server.place);
    expect((await thrown(target.post([move()])))?.code).toBe("TARGET_SIGN_IN");
    expect((await thrown(target.lookup("p/A/1")))?.code).toBe("TARGET_SIGN_IN");
    expect(server.calls).toHaveLength(1);
  });

  test("wait where the server lets nobody in for a while", async () => {
    const { outcome } = await post({ "common.db.login": () => ({ status: 429, body: "" }) });
    expect(outcome).toMatchObject({ kind: "busy", problem: { code: "TARGET_BUSY" } });
  });

  test.each<[Written, string]>([
    [{ sign_in: "basic" }, `Basic ${Buffer.from(`poster:${SECRETS.password}`).toString("base64")}`],
    [{ sign_in: "application key", key: SECRETS.apiKey }, `Bearer ${SECRETS.apiKey}`],
  ])("%j needs no login", async (connection, authorization) => {
    const { server } = await post(keeping(), {}, connection);
    expect(new Set(server.calls.map(({ received }) => received.headers.authorization))).toEqual(new Set([authorization]));
    expect(server.of("common.db.login")).toEqual([]);
  });
});

describe("answers", () => {
  const [LOCK, CHINESE] = ['could not obtain lock on row in relation "ir_sequence_strict"\n', '无法编辑已登记入账的记账凭证 "1"。'];
  test.each<[string, unknown, string, string]>([
    ["a rule of the ERP, in whatever language", ["UserError", [CHINESE, "", null]], "rejected", CHINESE],
    ["a question to a person", ["UserWarning", ["account.move,1.x", "请确认", ""]], "rejected", "请确认"],
    ["a record that somebody wrote meanwhile", ["ConcurrencyException", "记录已被修改"], "busy", "记录已被修改"],
    ["a lock of PostgreSQL, whose messages end with a line break", [LOCK, ""], "busy", "could not obtain lock"],
    ["a lock of PostgreSQL in Chinese", ["无法获取锁\n", ""], "busy", "无法获取锁"],
    ["a lock of SQLite", ["database is locked", ""], "busy", "database is locked"],
    ["an error of the program", ["'party.nope'", ""], "rejected", "party.nope"],
    ["an error without words", {}, "rejected", "without words"],
  ])("HTTP 200 with %s", async (_, error, kind, words) => {
    const { outcome, server } = await post({ "model.account.move.create": () => new Failure(error) });
    expect(outcome).toMatchObject({ kind, problem: { message: expect.stringContaining(words) } });
    expect(server.of("model.account.move.create")).toHaveLength(1);
  });

  test("an error that carries the definition of a field is cut", async () => {
    const error = ["UserError", ["x".repeat(50_000), "", [{}, { domain: "y".repeat(50_000) }]]];
    const { outcome } = await post({ "model.account.move.create": () => new Failure(error) });
    expect("problem" in outcome && outcome.problem.message.length).toBeLessThan(700);
  });

  test.each<[string, Answers["x"]]>([
    ["a page", () => ({ body: "<html><title>Welcome</title></html>" })],
    ["an error of the server", () => ({ status: 500, body: "<title>Internal Server Error</title>" })],
    ["the answer to another call", () => ({ body: { id: 999, result: [1] } })],
    ["an object without result", () => ({ body: {} })],
    [
      "a connection that was cut",
      (_, __, response) => {
        response.destroy();
        return undefined;
      },
    ],
  ])("%s leaves open what was done", async (_, create) => {
    const { outcome } = await post({ "model.account.move.create": create });
    expect(outcome).toMatchObject({ kind: "unconfirmed", problem: { code: "TARGET_UNCONFIRMED" } });
  });

  test("a lost answer is found by the key, and the next attempt sends nothing", async () => {
    const made = keeping();
    const { target, outcome, server } = await post({
      ...made,
      "model.account.move.create": (params, call, response) => {
        made["model.account.move.create"]?.(params, call, response);
        response.destroy();
        return undefined;
      },
    });
    // It is looked at once more after the call, and there it is.
    expect(outcome).toMatchObject({ kind: "exists", reference: "1", step: "draft" });
    expect(only(await target.post([move()]))).toMatchObject({ kind: "exists", reference: "1" });
    expect(server.of("model.account.move.create")).toHaveLength(1);
  });

  test("a method that is not offered stops everything", async () => {
    const server = await serveTryton({});
    const target = await openTryton(server.place);
    expect(await thrown(target.post([move()]))).toMatchObject({ code: "TARGET_SIGN_IN", message: expect.stringContaining("HTTP 403") });
  });

  test("null proves nothing: what is not posted afterwards was not posted", async () => {
    const { target, outcome } = await post({ ...keeping(), "model.account.move.post": () => null });
    const posting = postingOf(move(), outcome);
    expect(only((await target.advance?.("post", [{ posting }])) ?? [])).toMatchObject({
      kind: "rejected",
      problem: { code: "TARGET_EDITED", message: expect.stringContaining("and it is not") },
    });
  });

  test("an error after all that says that it is posted already counts as posted", async () => {
    const made = keeping();
    const { target, outcome } = await post({
      ...made,
      "model.account.move.post": (params, call, response) => {
        made["model.account.move.post"]?.(params, call, response);
        return refusal('You cannot modify posted move "1".');
      },
    });
    const [taken] = (await target.advance?.("post", [{ posting: postingOf(move(), outcome) }])) ?? [];
    expect(taken).toMatchObject({ kind: "created", reference: "记-1", step: "post" });
  });
});

describe("documents", () => {
  test("of a batch that is refused for one of them are sent in halves, and only that one waits", async () => {
    const made = keeping();
    const { outcomes, server } = await post(
      {
        ...made,
        "model.account.move.create": (params, call, response) =>
          JSON.stringify(params).includes("p/BX-3/1") ? refusal("no") : made["model.account.move.create"]?.(params, call, response),
      },
      {},
      {},
      ["BX-1", "BX-2", "BX-3", "BX-4", "BX-5"].map(move),
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual(["created", "created", "rejected", "created", "created"]);
    const sent = server.of("model.account.move.create").map(({ params }) => (params[0] as unknown[]).length);
    expect(sent).toEqual([5, 3, 2, 1, 2]);
  });

  test("two of which have one key stop until a person has looked", async () => {
    const twice = [1, 2].map((id) => ({ id, description: "p/BX-001/1", state: "posted" }));
    const { outcome, server } = await post(keeping(twice));
    expect(outcome).toMatchObject({ kind: "rejected", problem: { code: "TARGET_CONFLICT" } });
    expect(server.of("model.account.move.create")).toEqual([]);
  });

  test("that were refused wait for their period where it was closed between looking and sending, told by looking again", async () => {
    let isOpen = true;
    const { outcome } = await post({
      "model.account.move.create": () => {
        isOpen = false;
        return refusal("期间已关闭");
      },
      "model.account.period.search_read": () => [
        { id: 23, start_date: day(2026, 11, 1), end_date: day(2026, 11, 30), state: isOpen ? "open" : "close" },
      ],
    });
    expect(outcome).toMatchObject({
      kind: "rejected",
      problem: { code: "TARGET_PERIOD_CLOSED", message: expect.stringContaining("期间已关闭") },
    });
  });

  test("of a user without rights stop everything, whatever the ERP's words are", async () => {
    const server = await serveTryton({
      "model.account.move.create": () => refusal("您无权访问"),
      "model.ir.model.access.get_access": () => ({ "account.move": { read: 1, write: 0, create: 0, delete: 0 } }),
    });
    const target = await openTryton(server.place);
    expect(await thrown(target.post([move()]))).toMatchObject({ code: "TARGET_SIGN_IN", message: expect.stringContaining("您无权访问") });
  });

  test("keep any key", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (key) => {
        const written = writeKey(key);
        expect(readKey(written)).toBe(key);
        expect(written).not.toMatch(/[\p{Cc}]|^ | $/u);
      }),
    );
  });
});

test("the README shows the example", () => {
  const text = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
  const readme = text("src/connectors/tryton/README.md");
  const example = (file: string, from: string): string => text(`fixtures/connectors/tryton/example/${file}`).split(`\n${from}`)[1] ?? "?";
  expect(readme).toContain(example("sync.yaml", "  erp:"));
  for (const file of ["expense-to-gl.yaml", "expense-to-ap.yaml"]) expect(readme).toContain(example(file, "document:"));
});

describe("options", () => {
  const open = (options: Written, connection: Written) => openTryton({ url: "http://127.0.0.1:9/erp", password: "p" }, options, connection);

  test.each<[string, Written, Written]>([
    ["several writers on SQLite", {}, { writers: 4 }],
    ["an address without a database", {}, { url: "http://127.0.0.1:9/" }],
    ["a step that moves have not", { until: "validate" }, {}],
    ["a key that is missing", {}, { sign_in: "application key" }],
  ])("%s is refused before anything is sent", async (_, options, connection) => {
    expect((await thrown(open(options, connection)))?.code).toBe("CONFIG_WRONG_VALUE");
  });

  test("one run at a time writes into a company, unless PostgreSQL is behind it and several writers are asked for", async () => {
    const traits = async (connection: Written) => (await open({}, connection)).traits;
    expect(await traits({})).toMatchObject({ concurrency: 1, company: "127.0.0.1:9/erp/" });
    expect(await traits({ backend: "postgresql" })).toMatchObject({ concurrency: 1, company: "127.0.0.1:9/erp/" });
    const several = await traits({ backend: "postgresql", writers: 4 });
    expect([several.concurrency, several.company]).toEqual([4, undefined]);
  });
});
