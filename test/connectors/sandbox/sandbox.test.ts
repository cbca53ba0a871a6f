import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { SandboxState } from "../../../src/connectors/sandbox/contract.js";
import { openState } from "../../../src/connectors/sandbox/state.js";
import { notebook } from "./notebook.js";
import { serve } from "./serve.js";

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "sync-sandbox-"));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

test("the state survives a restart, and the sample company is made once", async () => {
  const file = join(folder(), "notes.state");
  const first = await serve(notebook, { file });
  await first.call("POST", "/sign-in");
  await first.call("POST", "/notes", ["kept"]);
  await first.close();
  const second = await serve(notebook, { file, seed: 9 });
  await second.call("POST", "/sign-in");
  expect(await second.control("GET", "/inspect/notes")).toEqual(["kept", "seed 1"]);
  expect(await second.call("POST", "/notes", ["more"])).toMatchObject({ text: "2" });
  await second.control("POST", "/reset");
  expect(await second.control("GET", "/inspect/notes")).toEqual(["seed 9"]);
});

test("a file that is something else, or another system's state, is refused", () => {
  const place = folder();
  openState(join(place, "other.state"), "other").close();
  expect(() => openState(join(place, "other.state"), "notebook")).toThrow("is the state of the sandbox `other`, not of `notebook`");
  writeFileSync(join(place, "text"), "hello".repeat(1_000));
  expect(() => openState(join(place, "text"), "notebook")).toThrow("cannot be opened");
});

test("an effect is whole or not at all, and a bug is answered as one", async () => {
  const served = await serve(notebook);
  await served.call("POST", "/sign-in");
  const answer = await served.call("POST", "/notes", ["a", "throws"]);
  expect([answer?.status, answer?.text]).toEqual([500, expect.stringContaining("bug in the sandbox: Error: half way")]);
  expect(await served.control("GET", "/inspect/notes")).toEqual(["seed 1"]);
});

test("calls are counted and told, credentials hidden", async () => {
  const served = await serve(notebook);
  await served.call("POST", "/sign-in?appSecret=s3cret&who=me");
  await served.call("POST", "/notes", ["a"]);
  await served.call("GET", "/notes");
  await served.call("GET", "/notes");
  expect(await served.control("GET", "/calls")).toEqual({ total: 4, calls: { "GET /notes": 2, "POST /notes": 1, "POST /sign-in": 1 } });
  const log = await served.control<Record<string, unknown>[]>("GET", "/log?last=4");
  expect(log.map((each) => [each["number"], each["method"], each["status"]])).toEqual([
    [1, "POST", 200],
    [2, "POST", 200],
    [3, "GET", 200],
    [4, "GET", 200],
  ]);
  expect(log[0]?.["query"]).toEqual({ appSecret: "…", who: "me" });
  expect(log[1]).toMatchObject({ body: '["a"]', answer: "1", fault: null });
  await served.control("DELETE", "/calls");
  expect(await served.control("GET", "/calls")).toEqual({ total: 0, calls: {} });
});

test("what its users do by hand, and what cannot be done", async () => {
  const served = await serve(notebook);
  expect(await served.control("POST", "/act/tear", JSON.stringify("seed 1"))).toEqual({ torn: true });
  expect(await served.control("GET", "/inspect/notes")).toEqual([]);
  expect(await served.call("GET", "/_sandbox/inspect/ink")).toMatchObject({
    status: 404,
    text: expect.stringContaining("there is no `ink`"),
  });
  expect(await served.call("GET", "/_sandbox/nothing")).toMatchObject({ status: 404 });
  expect(await served.call("GET", "/_sandbox/log?last=x")).toMatchObject({ status: 400 });
});

test("an address that cannot be read is refused, a body that breaks off has no effect", async () => {
  const served = await serve(notebook);
  await served.call("POST", "/sign-in");
  expect(await served.call("GET", "/%E0%A4%A")).toMatchObject({ status: 400 });
  const socket = connect(Number(new URL(served.address).port), "127.0.0.1");
  await new Promise<void>((resolve) =>
    socket.write('POST /notes HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n["a"', () => {
      socket.destroy();
      resolve();
    }),
  );
  await served.call("GET", "/notes");
  expect(await served.control("GET", "/inspect/notes")).toEqual(["seed 1"]);
});

test("a port that is taken is told", async () => {
  const served = await serve(notebook);
  const { serveSandbox } = await import("../../../src/connectors/sandbox/server.js");
  const port = Number(new URL(served.address).port);
  const again = serveSandbox(notebook, { host: "127.0.0.1", port, file: null, seed: 1, faults: [], now: () => new Date() });
  await expect(again).rejects.toThrow(`cannot listen on 127.0.0.1:${port}`);
});

interface Item {
  readonly kind: string;
  readonly at: number | null;
}

function opened(): SandboxState {
  const state = openState(null, "test");
  onTestFinished(() => state.close());
  return state;
}

test("collections are searched by their facets, in order, page by page", () => {
  const items = opened().collection<Item>("items", { kind: (item) => item.kind, at: (item) => item.at });
  for (let index = 0; index < 600; index += 1) items.put(String(index).padStart(3, "0"), { kind: index % 3 === 0 ? "a" : "b", at: index });
  items.put("none", { kind: "c", at: null });
  const order = { by: "at", from: 300, before: 400 };
  expect(items.count({ where: { kind: "a" }, order })).toBe(34);
  expect(items.find({ where: { kind: "a" }, order, skip: 2, take: 2 }).map(({ at }) => at)).toEqual([306, 309]);
  expect(items.find({ order: { ...order, descending: true }, take: 1 })).toEqual([{ kind: "a", at: 399 }]);
  expect(items.count({ where: { kind: ["a", "c"] } })).toBe(201);
  expect(items.count({ where: { at: null } })).toBe(1);
  expect(items.count({ where: { kind: [] } })).toBe(0);
  expect([...items.all()]).toHaveLength(601);
  for (const [key] of items.entries()) items.delete(key);
  expect(items.count()).toBe(0);
});

test("what is read is a copy, and what fails is undone", () => {
  const state = opened();
  const items = state.collection<{ list: string[] }>("items");
  items.put("one", { list: ["a"] });
  items.get("one")?.list.push("b");
  expect(items.get("one")).toEqual({ list: ["a"] });
  expect(() =>
    state.transaction(() => {
      items.put("two", { list: [] });
      state.next("n");
      throw new Error("no");
    }),
  ).toThrow("no");
  expect(items.get("two")).toBeNull();
  expect(state.next("n")).toBe(1);
});

test("a state file of a version with other facets keeps its objects", () => {
  const file = join(folder(), "old.state");
  const old = openState(file, "test");
  old.collection<Item>("items", { kind: (item) => item.kind }).put("one", { kind: "a", at: 7 });
  old.close();
  const now = openState(file, "test");
  onTestFinished(() => now.close());
  expect(now.isEmpty).toBe(false);
  expect(now.collection<Item>("items", { at: (item) => item.at }).find({ where: { at: 7 } })).toEqual([{ kind: "a", at: 7 }]);
});
