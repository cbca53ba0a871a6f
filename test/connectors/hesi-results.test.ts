import { describe, expect, test } from "vitest";
import { aStatement, itemOf, openTarget, postingOf, reversalOf, SECRET, tokenReply } from "./hesi-setup.js";
import { only, problemOf, type Received, type Reply, serve } from "./http-setup.js";

const booked = (id: string, number = "记-12", more: Readonly<Record<string, string>> = {}) =>
  itemOf(aStatement("result", id, { source: id, number, day: "2026-11-30", period: "2026-11", ...more }));

/** Every document is at the stage that its id says, `完成` where it says nothing. */
async function serveFlows(put: (request: Received) => Reply | undefined) {
  const calls: string[] = [];
  const server = await serve((request) => {
    const path = decodeURIComponent(new URL(request.url, "http://x").pathname).replace("/api/openapi", "");
    if (path.includes("/auth/")) return tokenReply(1);
    calls.push(`${request.method} ${path}`);
    const ids = /^\/v2\/approveStates\/\[(.*)\]$/.exec(path)?.[1]?.split(",");
    if (ids === undefined) return put(request);
    const there = ids.filter((id) => id !== "ID_none");
    const stage = (id: string): string => ({ ID_waits: "出纳支付", ID_deleted: "已删除" })[id] ?? "完成";
    return { body: { items: there.map((flowId) => ({ flowId, stageName: stage(flowId), operators: [], delegateData: [] })) } };
  });
  return {
    ...server,
    calls,
    written: () => server.received.filter(({ method }) => method === "PUT").map(({ body }) => JSON.parse(body) as unknown),
  };
}

const TRUE: Reply = { body: { value: true } };

describe("voucher numbers", () => {
  test("go one document at a time, with the start of the day in milliseconds as text, after the states of all were asked in one call", async () => {
    const server = await serveFlows(() => TRUE);
    const target = openTarget(server.url);
    const outcomes = await target.post([
      booked("ID_1"),
      booked("ID_waits"),
      booked("ID_2", "记-13", { period: "" }),
      booked("ID_none"),
      booked("ID_deleted"),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["created", "rejected", "created", "rejected", "rejected"]);
    expect(outcomes.slice(0, 1)).toEqual([{ kind: "created", reference: "ID_1" }]);
    expect(problemOf(outcomes[1])).toMatchObject({
      code: "TARGET_NOT_YET",
      message: "a voucher number can be written when the document is paid, and it stands at `出纳支付`",
      at: [{ document: "ID_waits" }],
    });
    expect(problemOf(outcomes[3]).message).toBe("there is no document with the id `ID_none`");
    expect(problemOf(outcomes[4]).message).toBe("the document `ID_deleted` was deleted there");
    expect(server.written()).toEqual([
      { voucher: [{ flowId: "ID_1", voucherNo: "记-12", voucherCreateTime: "1795968000000", fiscalPeriod: "2026-11" }] },
      { voucher: [{ flowId: "ID_2", voucherNo: "记-13", voucherCreateTime: "1795968000000" }] },
    ]);
    expect(server.calls).toHaveLength(3);
  });

  test("may name their documents by number, each of which is asked for once", async () => {
    const server = await serveFlows((request) => {
      const code = new URL(request.url, "http://x").searchParams.get("code");
      if (request.method === "PUT") return TRUE;
      if (code === "B-none") return { status: 412, body: { errorCode: 412, errorMessage: "单据不存在" } };
      return { body: { value: { id: `ID_${code}`, form: { voucherNo: "记-12" } } } };
    });
    const target = openTarget(server.url, { source_is: "code" });
    const documents = ["B1", "B-none"].map((code) => booked(code));
    expect((await target.check?.(documents.map(({ document }) => document)))?.map((each) => each?.code ?? null)).toEqual([
      null,
      "TARGET_REJECTED",
    ]);
    const outcomes = await target.post(documents);
    expect(outcomes[0]).toEqual({ kind: "created", reference: "ID_B1" });
    expect(problemOf(outcomes[1]).message).toBe("there is no document with the number `B-none`");
    expect(server.written()).toMatchObject([{ voucher: [{ flowId: "ID_B1", voucherNo: "记-12" }] }]);
    expect(server.calls.filter((each) => each.includes("byCode"))).toHaveLength(2);
  });

  test("are told before anything is sent that documents are not paid yet, in one call for all of them", async () => {
    const server = await serveFlows(() => TRUE);
    const target = openTarget(server.url);
    const documents = ["ID_1", "ID_waits"].map((id) => booked(id).document);
    expect((await target.check?.(documents))?.map((each) => each?.code ?? null)).toEqual([null, "TARGET_NOT_YET"]);
    expect(server.calls).toEqual(["GET /v2/approveStates/[ID_1,ID_waits]"]);
  });

  test("a document that is paid back meanwhile waits, because the refusal says so", async () => {
    const words = "单据Id:[[ID_1]]的单据不是已支付状态，不能回写单据凭证，请检查";
    const server = await serveFlows(() => ({ status: 400, body: { errorCode: 400, errorMessage: words } }));
    const outcome = only(await openTarget(server.url).post([booked("ID_1")]));
    expect([outcome.kind, problemOf(outcome).code, problemOf(outcome).message]).toEqual([
      "rejected",
      "TARGET_NOT_YET",
      `the target refused it (HTTP 400): ${words}`,
    ]);
  });

  /** The state of documents is told as a stage, which is the same for those that are paid and for those that are archived. */
  const inArchive = (voucherNo: string) =>
    serveFlows(({ method }) =>
      method === "PUT"
        ? { status: 400, body: { errorCode: 400, errorMessage: "单据Id:[[ID_1]]的单据不是已支付状态，不能回写单据凭证，请检查" } }
        : { body: { value: { id: "ID_1", state: "archived", form: { voucherNo } } } },
    );

  test("an archived document is refused for good, and waits for nothing; a number that is there already is fine", async () => {
    const words = "the document `ID_1` is archived (归档), and Hesi takes and gives back a voucher number only while it is paid";
    const server = await inArchive("记-11");
    const target = openTarget(server.url);
    const item = booked("ID_1");
    expect(problemOf(only(await target.post([item])))).toMatchObject({
      code: "TARGET_REJECTED",
      message: words,
      at: [{ document: "ID_1" }],
    });
    // It is known from now on, so that nothing is sent any more.
    expect((await target.check?.([item.document]))?.[0]).toMatchObject({ code: "TARGET_REJECTED", message: words });
    expect(problemOf(only(await target.post([item]))).message).toBe(words);
    expect(server.written()).toHaveLength(1);
    expect(problemOf(only(await target.reverse([reversalOf(item, "ID_1")]))).message).toBe(words);
    const other = await inArchive("记-12");
    expect(await openTarget(other.url).post([booked("ID_1")])).toEqual([{ kind: "exists", reference: "ID_1" }]);
  });

  test("an archived document that is named by its number is told before anything is sent", async () => {
    const server = await serveFlows(() => ({ body: { value: { id: "ID_1", state: "archived", form: { voucherNo: "" } } } }));
    const target = openTarget(server.url, { source_is: "code" });
    const { document } = booked("B1");
    expect((await target.check?.([document]))?.[0]).toMatchObject({ code: "TARGET_REJECTED" });
    expect(only(await target.post([booked("B1")])).kind).toBe("rejected");
    expect(server.written()).toEqual([]);
  });

  test.each([
    [
      { status: 412, body: { errorCode: 412, errorMessage: "不存在此单据[ID_1]" } },
      "rejected",
      "TARGET_REJECTED",
      "the target refused it (HTTP 412): 不存在此单据[ID_1]",
    ],
    [{ body: { errorCode: 500, errorMessage: "系统错误" } }, "rejected", "TARGET_REJECTED", "the target refused it: 系统错误"],
    [{ status: 500, body: { errorMessage: "boom" } }, "unconfirmed", "TARGET_UNCONFIRMED", "it answers HTTP 500: boom"],
    [{ body: { value: false } }, "unconfirmed", "TARGET_UNCONFIRMED", "its answer does not say `true`"],
    [{ status: 204 }, "unconfirmed", "TARGET_UNCONFIRMED", "its answer does not say `true`"],
    [{ status: 429, headers: { "retry-after": "3" } }, "busy", "TARGET_BUSY", "it has no time for us (HTTP 429)"],
  ] as const)("%j is %s", async (reply, kind, code, message) => {
    const server = await serveFlows(() => reply);
    const outcome = only(await openTarget(server.url).post([booked("ID_1")]));
    expect([outcome.kind, problemOf(outcome).code]).toEqual([kind, code]);
    expect(problemOf(outcome).message).toContain(message);
    expect(problemOf(outcome).message).not.toContain(SECRET);
  });

  test("several in one call, and each alone again where such a call is refused", async () => {
    const server = await serveFlows(({ body }) =>
      body.includes("ID_bad") ? { status: 412, body: { errorCode: 412, errorMessage: "不存在此单据[ID_bad]" } } : TRUE,
    );
    const target = openTarget(server.url, { batch: 3 });
    const outcomes = await target.post(["ID_1", "ID_bad", "ID_2", "ID_3"].map((id) => booked(id)));
    expect(outcomes.map(({ kind }) => kind)).toEqual(["created", "rejected", "created", "created"]);
    expect(problemOf(outcomes[1])).toMatchObject({ at: [{ document: "ID_bad" }] });
    expect(
      server
        .written()
        .map((body) => (body as { voucher: unknown[] }).voucher.length)
        .sort(),
    ).toEqual([1, 1, 1, 1, 3]);
  });

  test("are changed where they stand, and taken out with an empty one", async () => {
    const server = await serveFlows(() => TRUE);
    const target = openTarget(server.url);
    const changed = booked("ID_1", "记-99");
    expect(await target.update?.([{ ...changed, posting: postingOf(booked("ID_1"), "ID_1") }])).toEqual([
      { kind: "created", reference: "ID_1" },
    ]);
    expect(await target.reverse([reversalOf(changed, "ID_1")])).toEqual([{ kind: "created", reference: "ID_1" }]);
    expect(server.written().map((body) => (body as { voucher: { voucherNo: string }[] }).voucher[0]?.voucherNo)).toEqual(["记-99", ""]);
  });

  test.each([
    ["that came through is found by what the document holds", "记-12", { reference: "ID_1" }],
    ["that did not is not found, and is written again", "", null],
    ["that is another one by now is not taken for ours", "记-11", null],
  ])("a number whose answer was lost %s", async (_, held, found) => {
    const server = await serve((request) => {
      const { pathname } = new URL(request.url, "http://x");
      if (pathname.includes("/auth/")) return tokenReply(1);
      if (pathname.includes("approveStates")) return { body: { items: [{ flowId: "ID_1", stageName: "完成" }] } };
      if (pathname.endsWith("/flowDetails")) return { body: { value: { id: "ID_1", form: { voucherNo: held } } } };
      return { status: 502, body: "bad gateway" };
    });
    const target = openTarget(server.url);
    const item = booked("ID_1");
    expect(only(await target.post([item])).kind).toBe("unconfirmed");
    expect(await target.lookup(item.idempotencyKey)).toEqual(found);
    // Another run knows nothing of it, and writes the same again.
    expect(await openTarget(server.url).lookup(item.idempotencyKey)).toBeNull();
  });

  test("a target of this kind needs no key of ours, and says so", () => {
    expect(openTarget("http://127.0.0.1:9").traits).toEqual({
      deduplicates: true,
      quietMs: 30_000,
      batch: 100,
      concurrency: 4,
      searchable: true,
    });
    expect(openTarget("http://127.0.0.1:9", {}, { connection: { company: "001" } }).traits.company).toBe("001");
  });
});

describe("outcomes of payments", () => {
  const told = (id: string, status: string, message = "") =>
    itemOf(aStatement("result", id, { source: id, status, ...(message === "" ? {} : { message }) }));

  test("go together, and each gets its own answer", async () => {
    const codes: Readonly<Record<string, string>> = { a: "R00000", b: "R00002", c: "R00003", d: "R00004", e: "R00001", f: "R00000" };
    const server = await serveFlows(({ body }) => {
      const { items } = JSON.parse(body) as { items: { id: string }[] };
      return { body: { items: items.filter(({ id }) => id in codes).map(({ id }) => ({ id, code: codes[id], errorMsg: null })) } };
    });
    const target = openTarget(server.url, { results: "payment" });
    const items = [
      told("a", "paid"),
      told("b", "已付款"),
      told("c", "paid"),
      told("d", "paid"),
      told("e", "paid"),
      told("lost", "paid"),
      told("x", "maybe"),
      told("f", "failed", "余额不足"),
    ];
    const outcomes = await target.post(items);
    expect(outcomes.map(({ kind }) => kind)).toEqual([
      "created",
      "exists",
      "rejected",
      "rejected",
      "rejected",
      "unconfirmed",
      "rejected",
      "created",
    ]);
    expect(problemOf(outcomes[2])).toMatchObject({ code: "TARGET_NOT_YET", message: "the target refused it: R00003 单据不在支付中" });
    expect(problemOf(outcomes[3])).toMatchObject({ code: "TARGET_REJECTED", message: "the target refused it: R00004 单据支付渠道不正确" });
    expect(problemOf(outcomes[6]).message).toBe("the status `maybe` says neither that it was paid nor that the payment failed");
    expect(JSON.parse(server.received.at(-1)?.body ?? "")).toEqual({
      items: [
        { id: "a", code: "P00001", errorMsg: null },
        { id: "b", code: "P00001", errorMsg: null },
        { id: "c", code: "P00001", errorMsg: null },
        { id: "d", code: "P00001", errorMsg: null },
        { id: "e", code: "P00001", errorMsg: null },
        { id: "lost", code: "P00001", errorMsg: null },
        { id: "f", code: "P00002", errorMsg: "余额不足" },
      ],
    });
  });

  test("a failure of what is not being paid any more is not told later, when it would stop the next try", async () => {
    const server = await serveFlows(({ body }) => {
      const { items } = JSON.parse(body) as { items: { id: string }[] };
      return { body: { items: items.map(({ id }) => ({ id, code: "R00003", errorMsg: null })) } };
    });
    const outcomes = await openTarget(server.url, { results: "payment" }).post([told("a", "failed"), told("b", "paid")]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["exists", "rejected"]);
  });

  test("cannot be taken back, and what is in doubt is told again, which the system answers with `paid already`", async () => {
    const server = await serveFlows(() => ({ status: 500 }));
    const target = openTarget(server.url, { results: "payment" });
    const item = told("a", "paid");
    expect(problemOf(only(await target.reverse([reversalOf(item, "a")]))).message).toBe(
      "what was said about a payment cannot be taken back",
    );
    expect(only(await target.post([item])).kind).toBe("unconfirmed");
    expect(await target.lookup(item.idempotencyKey)).toBeNull();
  });
});
