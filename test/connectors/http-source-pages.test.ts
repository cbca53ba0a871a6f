import { describe, expect, test } from "vitest";
import { nextLink } from "../../src/connectors/http/source/link-header.js";
import { type Reply, serve, thrownBy } from "./http-setup.js";
import { abandonedBy, openSource, queryOf, readCells, readEvents, type Written } from "./http-source-setup.js";

const ITEMS = Array.from({ length: 7 }, (_, index) => ({ id: `C-${index + 1}` }));
const ALL = ITEMS.map(({ id }) => [id]);

/** A list of seven, three on each page. */
async function claims(answer: (query: Record<string, string>, path: string) => Reply) {
  return serve(({ url }) => answer(queryOf(url), url));
}

const from = (offset: number, size = 3) => ITEMS.slice(offset, offset + size);

function source(pages: unknown, query: Written = {}, more: Written = {}): Written {
  return { request: { path: "/claims", query }, records: "$.items", pages, ...more };
}

describe("every way through the pages gives every record once, in order", () => {
  const cases: [string, Written, (query: Record<string, string>, path: string) => Reply, number][] = [
    [
      "page numbers, until a page is empty",
      source({ by: "page" }, { page: "$.page" }),
      ({ page }) => ({ body: { items: from((Number(page) - 1) * 3) } }),
      4,
    ],
    [
      "page numbers from 0, until a page is short",
      source({ by: "page", first: 0, size: 3, until: "short" }, { page: "$.page", size: "$.size" }),
      ({ page, size }) => ({ body: { items: from(Number(page) * 3, Number(size)) } }),
      3,
    ],
    [
      "page numbers, with the number of pages",
      source({ by: "page", pages: "$.pages" }, { page: "{$.page}" }),
      ({ page }) => ({ body: { pages: "3", items: from((Number(page) - 1) * 3) } }),
      3,
    ],
    [
      "offsets, with the number of records; pages may be of any length",
      source({ by: "offset", total: "$.count" }, { start: "$.offset" }),
      ({ start }) => ({ body: { count: 7, items: from(Number(start), Number(start) === 0 ? 2 : 3) } }),
      3,
    ],
    [
      "offsets that overlap",
      source({ by: "offset", size: 3, overlap: 1 }, { start: "$.offset", count: "$.size" }),
      ({ start, count }) => ({ body: { items: from(Number(start), Number(count)) } }),
      4,
    ],
    [
      "offsets, as long as there is more",
      source({ by: "offset", first: 1, more: { path: "$.more", equals: true } }, { start: "$.offset" }),
      ({ start }) => ({ body: { more: Number(start) < 7, items: from(Number(start) - 1) } }),
      3,
    ],
    [
      "a cursor in the answer; the first page has none",
      source({ by: "cursor", at: "$.meta.next" }, { cursor: "$.cursor" }),
      ({ cursor }) => {
        const at = cursor === undefined ? 0 : Number(cursor);
        return { body: { meta: { next: at + 3 < 7 ? at + 3 : null }, items: from(at) } };
      },
      3,
    ],
    [
      "a cursor in a header, with one for the first page",
      source({ by: "cursor", at: { header: "X-Next" }, first: "*" }, { cursor: "$.cursor" }),
      ({ cursor }) => {
        const at = cursor === "*" ? 0 : Number(cursor);
        return { headers: at + 3 < 7 ? { "X-Next": String(at + 3) } : {}, body: { items: from(at) } };
      },
      3,
    ],
    [
      "a cursor that stands there on the last page too",
      source({ by: "cursor", at: "$.next", more: { path: "$.has_more", equals: true } }, { cursor: "$.cursor" }),
      ({ cursor }) => {
        const at = Number(cursor ?? 0);
        return { body: { next: at + 3, has_more: at + 3 < 7, items: from(at) } };
      },
      3,
    ],
    [
      "the Link header",
      source({ by: "link" }, { a: "1" }),
      ({ at = "0", a }) => {
        const next = Number(at) + 3;
        const link = `</claims?a=${a}&at=0>; rel="first", <claims?a=${a}&at=${next}>; title="a, b"; REL="last next"`;
        return { headers: next < 7 ? { link } : { link: '<x>; rel="prev"' }, body: { items: from(Number(at)) } };
      },
      3,
    ],
    [
      "the URL of the next page in the answer",
      source({ by: "url", at: '$["@odata.nextLink"]' }),
      ({ $skip = "0" }) => {
        const next = Number($skip) + 3;
        return { body: { items: from(Number($skip)), ...(next < 7 ? { "@odata.nextLink": `/claims?$skip=${next}` } : {}) } };
      },
      3,
    ],
  ];
  test.each(cases)("%s", async (_, options, answer, calls) => {
    const { url, received } = await claims(answer);
    expect(await readCells(url, { source: options })).toEqual(ALL);
    expect(received.length).toBe(calls);
  });

  test("in the body of a POST, where numbers are numbers and the first cursor is left out", async () => {
    const { url, received } = await serve(({ body }) => {
      const { after = 0, limit } = JSON.parse(body) as { after?: number; limit: number };
      const next = Number(after) + limit;
      return { body: { items: from(Number(after), limit), next: next < 7 ? next : "" } };
    });
    const request = { path: "/claims/search", body: { after: { $number: "$.cursor" }, limit: { $number: "$.size" }, state: "paid" } };
    const options = { request, records: "$.items", pages: { by: "cursor", at: "$.next", size: 3 } };
    expect(await readCells(url, { source: options })).toEqual(ALL);
    expect(received.map(({ method, body }) => [method, body])).toEqual([
      ["POST", '{"limit":3,"state":"paid"}'],
      ["POST", '{"after":3,"limit":3,"state":"paid"}'],
      ["POST", '{"after":6,"limit":3,"state":"paid"}'],
    ]);
  });

  test("as a form", async () => {
    const { url, received } = await serve(() => ({ body: { items: ITEMS } }));
    const options = { request: { path: "/list", form: { 部门: "研发 & 销售", page: "$.page" } }, records: "$.items", pages: "none" };
    expect(await readCells(url, { source: options })).toEqual(ALL);
    expect(received[0]).toMatchObject({ method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" } });
    expect([...new URLSearchParams(received[0]?.body)]).toEqual([
      ["部门", "研发 & 销售"],
      ["page", "1"],
    ]);
  });
});

describe("what goes round in a circle, ends early or moves is given up, not taken for the whole", () => {
  const cases: [string, Written, (query: Record<string, string>) => Reply, string][] = [
    ["the page is ignored", source({ by: "page" }, { page: "$.page" }), () => ({ body: { items: ITEMS } }), "it gives the same page twice"],
    [
      "the same cursor again",
      source({ by: "cursor", at: "$.next" }, { cursor: "$.cursor" }),
      ({ cursor = "0" }) => ({ body: { items: [{ id: cursor + Math.random() }], next: "77" } }),
      "its pages go round in a circle: it names the same next page twice",
    ],
    [
      "fewer than it says",
      source({ by: "offset", total: "$.count" }, { start: "$.offset" }),
      ({ start }) => ({ body: { count: 9, items: from(Number(start)) } }),
      "it says that there are 9 records, and gives 7",
    ],
    [
      "more without more",
      source({ by: "page", more: { path: "$.more", equals: true } }, { page: "$.page" }),
      ({ page }) => ({ body: { more: true, items: from(Number(page) * 3) } }),
      "it says that there are more pages, and gives an empty one",
    ],
    [
      "more, and no cursor",
      source({ by: "cursor", at: "$.next", more: { path: "$.more", equals: true } }, { cursor: "$.cursor" }),
      () => ({ body: { more: true, items: ITEMS } }),
      "there are more pages, and its answer does not say where the next one is",
    ],
    [
      "nothing like the path of the cursor",
      source({ by: "cursor", at: "$.meta.next" }, { cursor: "$.cursor" }),
      () => ({ body: { items: ITEMS } }),
      "its answer has nothing like `$.meta.next`",
    ],
    [
      "no number of records",
      source({ by: "offset", total: "$.count" }, { start: "$.offset" }),
      () => ({ body: { items: ITEMS } }),
      "its answer has no number where `pages.total` says",
    ],
    [
      "too many pages",
      source({ by: "page", most: 5 }, { page: "$.page" }),
      ({ page }) => ({ body: { items: [{ id: page }] } }),
      "it has more than 5 pages",
    ],
    [
      "another host",
      source({ by: "url", at: "$.next" }),
      () => ({ body: { items: ITEMS, next: "http://evil.example/claims?page=2" } }),
      "it sends us to another host, `http://evil.example`",
    ],
    [
      "the same host without encryption, or another port",
      source({ by: "link" }),
      () => ({ headers: { link: '<//127.0.0.1:1/x>; rel="next"' }, body: { items: ITEMS } }),
      "it sends us to another host, `http://127.0.0.1:1`",
    ],
  ];
  test.each(cases)("%s", async (_, options, answer, message) => {
    const { url } = await claims(answer);
    const problem = await abandonedBy(url, { source: options });
    expect(problem.message).toBe(`GET ${new URL(url).host}/claims: ${message}`);
  });

  test("a record that moved to the end pulled another one over to a page already read: the overlap shows it, and all is read anew", async () => {
    let calls = 0;
    const { url } = await serve(({ url: asked }) => {
      const list = calls === 0 ? ITEMS : [...ITEMS.slice(1), { id: "C-1" }];
      calls += 1;
      return { body: { items: list.slice(Number(queryOf(asked)["start"])).slice(0, 3) } };
    });
    const options = source({ by: "offset", size: 3, overlap: 1 }, { start: "$.offset" });
    expect(await readCells(url, { source: options })).toEqual([...ALL.slice(1), ["C-1"]]);
  });

  test("the number of records changed: read anew, and given up the third time", async () => {
    let count = 7;
    const { url, received } = await claims(({ start }) => {
      count += 1;
      return { body: { count, items: from(Number(start)) } };
    });
    const problem = await abandonedBy(url, { source: source({ by: "offset", total: "$.count" }, { start: "$.offset" }) });
    expect(problem.message).toContain("the list changed while it was read: it had 12 records, and then 13");
    expect(received.length).toBe(6);
  });

  test("what was passed on already is forgotten with the unit", async () => {
    const many = Array.from({ length: 600 }, (_, index) => ({ id: `C-${index}`, text: "x".repeat(100) }));
    const { url } = await serve(({ url: asked }) => {
      const page = Number(queryOf(asked)["page"]);
      if (page === 30) return { status: 500, body: { message: "out of memory" } };
      return { body: { items: many.map(({ id, text }) => ({ id: `${page}-${id}`, text })) } };
    });
    const events = await readEvents(url, { source: source({ by: "page" }, { page: "$.page" }) });
    expect(events.filter(({ kind }) => kind === "records").length).toBeGreaterThan(5);
    expect(events.at(-1)).toMatchObject({ kind: "abandoned" });
    expect(events.filter(({ kind }) => kind === "complete")).toEqual([]);
  });
});

describe("Link headers", () => {
  test.each([
    ['<https://a/b?page=2>; rel="next", <https://a/b?page=9>; rel="last"', "https://a/b?page=2"],
    ["<x>;rel=next", "x"],
    ['<a,b;c>; title="x\\", <y>; rel=\\"next"; rel="NEXT"', "a,b;c"],
    ['<x>; rel="prev"; rel="next"', null],
    ['<x>; rel="nextish"', null],
    ['<x>; anchor="#foo"; rel="next", <y>; rel="next"', "y"],
    ["", null],
    ["no link", null],
  ])("%s", (header, expected) => {
    expect(nextLink(header)).toBe(expected);
  });
});

describe("options that do not go together are refused before anything is sent", () => {
  test.each<[string, Written, string]>([
    ["page", source({ by: "page" }), "`pages`: the request does not send `$.page`"],
    ["cursor", source({ by: "cursor" }, { c: "$.cursor" }), "`pages`: `by: cursor` needs `at`"],
    [
      "two ends",
      source({ by: "page", until: "empty", total: "$.n" }, { p: "$.page" }),
      "`pages`: `total` and `until` both say which page is the last",
    ],
    ["short", source({ by: "page", until: "short" }, { p: "$.page" }), "`pages`: `until: short` needs `size`"],
    ["size", source({ by: "page" }, { p: "$.page", s: "$.size" }), "`pages`: the request sends `$.size`, and there is no `size`"],
    [
      "braces",
      source({ by: "cursor", at: "$.n" }, { c: "x{$.cursor}" }),
      "`pages`: the first page has no `$.cursor`, and it stands in braces",
    ],
    ["misspelt", source("none", { p: "$.pag" }), "`request.query.p`: there is no `pag` in `$.pag`"],
    ["since", source("none", { p: "$.since" }), "the request has `$.since` or `$.until`, and there is no `since`"],
    [
      "GET with a body",
      { ...source("none"), request: { path: "/x", method: "GET", form: { a: 1 } } },
      "`method` is `GET`, and `form` is sent",
    ],
  ])("%s", async (_, options, message) => {
    expect((await thrownBy(() => openSource("http://127.0.0.1:1", { source: options }))).message).toBe(message);
  });
});
