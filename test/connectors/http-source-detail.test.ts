import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { recordsOf } from "./conformance.js";
import { type Reply, serve } from "./http-setup.js";
import { abandonedBy, LIST, queryOf, readCells, readEvents, type Written } from "./http-source-setup.js";

const DETAIL: Written = { path: "/claims/{$.item.id}", records: "$.value" };
const withDetail = (detail: Written = DETAIL): Written => ({ ...LIST, detail });

/** Lists so many claims; `answer` says what the detail of one is. */
async function claims(count: number, answer: (id: string) => Reply | Promise<Reply>) {
  return serve(({ url }) => {
    const id = /^\/claims\/([^?]+)/.exec(url)?.[1];
    if (id !== undefined) return answer(decodeURIComponent(id));
    return { body: { items: Array.from({ length: count }, (_, index) => ({ id: `C/${index + 1}`, state: "paid", amount: "0" })) } };
  });
}

describe("the records come from a second call for each listed item", () => {
  test("in the order of the list, whoever answers first, and so many at once as allowed", async () => {
    let now = 0;
    let most = 0;
    const { url } = await claims(12, async (id) => {
      now += 1;
      most = Math.max(most, now);
      await wait(20 - Number(id.slice(2)));
      now -= 1;
      return { body: `{"value":{"id":"${id}","form":{"money":1234567890123456.78}}}` };
    });
    const source = withDetail({ ...DETAIL, concurrency: 3 });
    const cells = await readCells(url, { source, columns: ["id", "form.money"], connection: { concurrency: 8 } });
    expect(cells).toEqual(Array.from({ length: 12 }, (_, index) => [`C/${index + 1}`, "1234567890123456.78"]));
    expect(most).toBe(3);
  });

  test("instead of what was listed, or merged with it", async () => {
    const { url } = await claims(1, (id) => ({ body: { value: { id, amount: "12.30" } } }));
    const columns = ["id", "amount", "state"].map((name) => ({ name, aliases: [], required: false }));
    expect(await readCells(url, { source: withDetail(), columns })).toEqual([["C/1", "12.30", null]]);
    expect(await readCells(url, { source: withDetail({ ...DETAIL, merge: true }), columns })).toEqual([["C/1", "12.30", "paid"]]);
  });

  test("several for each, such as its lines", async () => {
    const { url } = await claims(2, () => ({ body: { value: { lines: [{ line: 1 }, { line: 2 }] } } }));
    const source = withDetail({ ...DETAIL, records: "$.value.lines", single: false, merge: true });
    expect(await readCells(url, { source, columns: ["id", "line"] })).toEqual([
      ["C/1", "1"],
      ["C/1", "2"],
      ["C/2", "1"],
      ["C/2", "2"],
    ]);
  });

  test("asked with fields of objects within the item, in a body too", async () => {
    const { url, received } = await serve(({ method }) =>
      method === "GET" ? { body: { items: [{ id: "C-1", form: { code: 'B"1' } }] } } : { body: { value: { id: "C-1" } } },
    );
    const source = withDetail({ path: "/detail", body: { code: '$.item["form.code"]' }, records: "$.value" });
    expect(await readCells(url, { source })).toEqual([["C-1"]]);
    expect(received[1]).toMatchObject({ method: "POST", body: '{"code":"B\\"1"}' });
  });
});

describe("a detail that cannot be had", () => {
  test("because the item is gone: it waits in quarantine, the others go on", async () => {
    const { url } = await claims(3, (id) => (id === "C/2" ? { status: 404 } : { body: { value: { id } } }));
    const events = await readEvents(url, { source: withDetail() });
    expect(recordsOf(events)).toEqual([
      { line: 1, cells: ["C/1"] },
      { line: 3, cells: ["C/3"] },
    ]);
    const [first] = events;
    expect(first?.kind === "records" ? first.malformed : []).toMatchObject([
      {
        line: 2,
        text: '{"id":"C/2","state":"paid","amount":"0"}',
        problem: { code: "RECORD_MALFORMED", message: `GET ${new URL(url).host}/claims/{$.item.id}: its detail is not there any more` },
      },
    ]);
    expect(events.at(-1)).toMatchObject({ kind: "complete" });
  });

  test("as the system says it", async () => {
    const { url } = await claims(2, (id) =>
      id === "C/2" ? { status: 412, body: { message: "单据已删除" } } : { body: { value: { id } } },
    );
    const gone = { status: 412, path: "$.message", equals: "单据已删除" };
    expect(await readCells(url, { source: withDetail({ ...DETAIL, gone }) })).toEqual([["C/1"]]);
    expect((await abandonedBy(url, { source: withDetail() })).message).toContain("it answers HTTP 412");
  });

  test("because the item does not have what is asked with", async () => {
    const { url, received } = await serve(() => ({ body: { items: [{ id: null }] } }));
    const [event] = await readEvents(url, { source: withDetail() });
    expect(event?.kind === "records" ? event.malformed.map(({ problem }) => problem.message) : []).toEqual([
      "detail.path needs `$.item.id`, which is empty",
    ]);
    expect(received.length).toBe(1);
  });

  test("because the system fails: nothing of the unit is taken, and the rest is not asked any more", async () => {
    const { url, received } = await claims(50, (id) => (id === "C/3" ? { status: 500 } : { body: { value: { id } } }));
    const problem = await abandonedBy(url, { source: withDetail({ ...DETAIL, concurrency: 2 }) });
    expect(problem.message).toBe(`GET ${new URL(url).host}/claims/{$.item.id}: it answers HTTP 500`);
    expect(received.length).toBeLessThan(20);
  });

  test("a detail of another shape is an error", async () => {
    const { url } = await claims(1, () => ({ body: { data: {} } }));
    expect((await abandonedBy(url, { source: withDetail() })).message).toContain(
      "its answer has nothing at `$.value`, where the records should be; there is `data`",
    );
  });
});

test("memory does not grow with the number of pages", async () => {
  const rows = Array.from({ length: 500 }, (_, index) => ({ id: `C-${index}`, text: "报销".repeat(60) }));
  const heights: number[] = [];
  const { url } = await serve(({ url: asked }) => {
    const page = Number(queryOf(asked)["page"]);
    if (page > 10 && page % 10 === 0) {
      globalThis.gc?.();
      heights.push(process.memoryUsage().heapUsed);
    }
    return { body: { items: page > 120 ? [] : rows.map(({ id, text }) => ({ id: `${page}-${id}`, text })) } };
  });
  const source = { ...LIST, request: { path: "/claims", query: { page: "$.page" } }, pages: { by: "page" } };
  const { openSource } = await import("./http-source-setup.js");
  let records = 0;
  const columns = [{ name: "id", aliases: [], required: true }];
  const opened = openSource(url, { source, connection: { max_response: 1_000_000 } });
  for await (const event of opened.read({ columns, since: null, wasRead: () => false }))
    if (event.kind === "records") records += event.records.length;
  expect(records).toBe(60_000);
  // The pages are 25 MB of JSON together; what stays of each is a hash.
  const [first = 0] = heights;
  expect(Math.max(...heights) - first).toBeLessThan(60_000_000);
});
