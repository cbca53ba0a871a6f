import { describe, expect, test } from "vitest";
import type { HttpTargetOptions } from "../../src/connectors/http/options.js";
import type { PostedEntry } from "../../src/model/posting.js";
import { openHttp, type Reply, serve, thrownBy } from "./http-setup.js";

type List = NonNullable<HttpTargetOptions["list"]>;

const LIST: List = {
  method: "GET",
  path: "/list?prefix={$.pipeline}/",
  many: "$.items",
  found: "$$.number",
  key: "$$.externalId",
  next: "$.next",
};
const item = (key: unknown, number: unknown = `V-${String(key)}`, more: object = {}) => ({ externalId: key, number, ...more });

/** What a target lists whose pages are these, in the order in which they are asked for. */
async function listed(pages: readonly Reply[], more: Partial<List> = {}, base = "") {
  const { url, received } = await serve(() => pages[received.length - 1] ?? { status: 404 });
  const target = openHttp(`${url}${base}`, { target: { list: { ...LIST, ...more } } });
  const entries: PostedEntry[] = [];
  for await (const entry of target.postings?.("gl") ?? []) entries.push(entry);
  return { keys: entries.map((entry) => entry.idempotencyKey), entries, asked: received.map((each) => each.url), url };
}

describe("everything that a pipeline posted", () => {
  test("page by page, by the address that each page names", async () => {
    const pages = [
      { body: { items: [item("gl/A/1"), item("gl/B/1")], next: "/list?after=2" } },
      { body: { items: [item("gl/C/1")], next: "?after=3" } },
      { body: { items: [], next: null } },
    ];
    const { keys, asked } = await listed(pages);
    expect(keys).toEqual(["gl/A/1", "gl/B/1", "gl/C/1"]);
    expect(asked).toEqual(["/list?prefix=gl/", "/list?after=2", "/list?after=3"]);
  });

  test("below the path of the connection, however the address is written", async () => {
    const pages = [
      { body: { items: [], next: "/api/v2/list?after=1" } },
      { body: { items: [], next: "/list?after=2" } },
      { body: { items: [] } },
    ];
    expect((await listed(pages, {}, "/api/v2")).asked).toEqual(["/api/v2/list?prefix=gl/", "/api/v2/list?after=1", "/api/v2/list?after=2"]);
  });

  test("by a cursor that is sent back", async () => {
    const pages = [{ body: { items: [item("gl/A/1")], cursor: "x y/1" } }, { body: { items: [item("gl/B/1")], cursor: "" } }];
    const more: Partial<List> = { path: "/list?cursor={$.cursor}", next: { cursor: "$.cursor" } };
    expect(await listed(pages, more)).toMatchObject({ keys: ["gl/A/1", "gl/B/1"], asked: ["/list?cursor=", "/list?cursor=x%20y%2F1"] });
  });

  test("by numbers of pages, until one is empty", async () => {
    const pages = [{ body: { items: [item("gl/A/1")] } }, { body: { items: [item("gl/B/1")] } }, { body: { items: [] } }];
    expect((await listed(pages, { path: "/list?page={$.page}", next: "page" })).asked).toEqual(
      [1, 2, 3].map((page) => `/list?page=${page}`),
    );
  });

  test("in one answer", async () => {
    expect((await listed([{ body: { items: [item("gl/A/1")] } }], { next: "none" })).keys).toEqual(["gl/A/1"]);
  });

  test("with reversals last, whatever the order of the system", async () => {
    const page = { body: { items: [item("gl/B/2"), item("gl/B/1/reversal"), item("gl/B/1")] } };
    expect((await listed([page], { next: "none" })).keys).toEqual(["gl/B/2", "gl/B/1", "gl/B/1/reversal"]);
  });

  test("with its number and fingerprint", async () => {
    const body = `{"items":[{"externalId":"gl/A/1","number":98765432109876543210,"fp":"abc"}]}`;
    const { entries } = await listed([{ body }], { next: "none", fingerprint: "$$.fp" });
    expect(entries).toEqual([{ idempotencyKey: "gl/A/1", reference: "98765432109876543210", fingerprint: "abc" }]);
  });

  test("and not what is somebody else's", async () => {
    const others = ["glx/A/1", "other/A/1", "gl/A", "gl/A/0", null, "", 7].map((key) => item(key));
    const page = { body: { items: [...others, item("gl/A/1"), { number: "V-9" }] } };
    expect((await listed([page], { next: "none" })).keys).toEqual(["gl/A/1"]);
  });
});

describe("a list that cannot be trusted is none", () => {
  const next = (target: string) => [{ body: { items: [item("gl/A/1")], next: target } }];
  const cases: [string, readonly Reply[], string, Partial<List>?][] = [
    ["a page on another host", next("http://127.0.0.2:9/list"), "its next page is on another host, `127.0.0.2:9`"],
    ["another host without a scheme", next("//evil.example/list"), "its next page is on another host, `evil.example`"],
    ["another scheme", next("file:///etc/passwd"), "its next page is on another host"],
    ["an address that is none", next("http://["), "the URL of its next page cannot be read"],
    [
      "a page that names itself",
      [...next("/list?a"), ...next("/list?a")].map((page, n) => ({ body: { ...page.body, n } })),
      "go round in a circle",
    ],
    ["the same page for every number", [...next(""), ...next("")], "it gives the same page twice", { path: "/l?p={$.page}", next: "page" }],
    ["a page of a proxy", [{ body: "<html>" }], "its answer is not JSON"],
    ["no list", [{ body: { total: 0 } }], "its answer has no list where `list.many` says"],
    ["an error", [{ status: 404 }], "it answers HTTP 404"],
    ["an error on the second page", [...next("/list?2"), { status: 403 }], "it answers HTTP 403"],
    ["documents without a key", [{ body: { items: [{ number: "V-1" }, { number: "V-2" }] } }], "none of its documents has a key"],
    ["one of ours without a number", [{ body: { items: [item("gl/A/1", "0")] } }], "no document number where `list.found` says"],
  ];
  test.each(cases)("%s", async (_, pages, message, more = {}) => {
    const problem = await thrownBy(() => listed(pages, more));
    expect(problem.code).toBe("TARGET_UNAVAILABLE");
    expect(problem.message).toContain(message);
    expect(problem.message).toContain("so nobody can tell what the target holds");
  });

  test.each([
    ["page", "$.page"],
    [{ cursor: "$.next" }, "$.cursor"],
  ])("pages by %j that nobody sends", async (by, needed) => {
    const problem = await thrownBy(() => openHttp("http://127.0.0.1:1", { target: { list: { ...LIST, next: by as List["next"] } } }));
    expect(problem).toMatchObject({ code: "CONFIG_MISSING_KEY", message: `\`list\` does not send \`${needed}\`` });
  });
});
