import { expect, test } from "vitest";
import { parseFault } from "../../../src/connectors/sandbox/faults.js";
import { notebook } from "./notebook.js";
import { type Served, serve } from "./serve.js";

async function signedIn(...faults: string[]): Promise<Served> {
  const served = await serve(notebook, { faults });
  await served.call("POST", "/sign-in");
  return served;
}

async function notes(served: Served): Promise<string[]> {
  return served.control("GET", "/inspect/notes");
}

test("without a fault a call is answered and kept", async () => {
  const served = await signedIn();
  expect(await served.call("POST", "/notes", ["a"])).toMatchObject({ status: 200, text: "1" });
  expect(await notes(served)).toEqual(["a", "seed 1"]);
});

test("lose: it takes effect, and there is no answer", async () => {
  const served = await signedIn("lose next 1");
  expect(await served.call("POST", "/notes", ["a"])).toBeNull();
  expect(await notes(served)).toContain("a");
  expect(await served.call("POST", "/notes", ["b"])).toMatchObject({ status: 200 });
});

test("lose waits for a call that has an effect", async () => {
  const served = await signedIn("lose next 1");
  expect(await served.call("POST", "/notes", [])).toMatchObject({ status: 400, text: "empty" });
  expect(await served.control("GET", "/faults")).toEqual([{ fault: "lose next 1", strikes: 0 }]);
  expect(await served.call("POST", "/notes", ["a"])).toBeNull();
});

test("drop: neither effect nor answer", async () => {
  const served = await signedIn("drop next 1");
  expect(await served.call("POST", "/notes", ["a"])).toBeNull();
  expect(await notes(served)).not.toContain("a");
});

test("500 before and after differ only in the effect", async () => {
  const served = await signedIn("500 before next 1", "503 after next 2");
  expect(await served.call("POST", "/notes", ["a"])).toMatchObject({ status: 500 });
  expect(await served.call("POST", "/notes", ["b"])).toMatchObject({ status: 503 });
  expect(await notes(served)).toEqual(["b", "seed 1"]);
});

test("429 with and without retry-after has no effect", async () => {
  const served = await signedIn("429 retry-after 7 next 1", "429 next 2");
  const first = await served.call("POST", "/notes", ["a"]);
  expect([first?.status, first?.headers.get("retry-after")]).toEqual([429, "7"]);
  const second = await served.call("POST", "/notes", ["a"]);
  expect([second?.status, second?.headers.get("retry-after")]).toEqual([429, null]);
  expect(await notes(served)).toEqual(["seed 1"]);
});

test("delay: nothing takes effect before its time, and it is answered then", async () => {
  const served = await signedIn("delay 20ms next 1", "delay 1000s next 2");
  expect(await served.call("POST", "/notes", ["a"])).toMatchObject({ status: 200 });
  const waiting = served.call("POST", "/notes", ["b"]);
  await expect.poll(() => served.control("GET", "")).toMatchObject({ pending: 1 });
  expect(await notes(served)).toEqual(["a", "seed 1"]);
  await served.close();
  expect(await waiting).toBeNull();
});

test("late: the connection is closed first, and it takes effect afterwards", async () => {
  const served = await signedIn("late 1000s next 1", "late 0.02s next 2");
  expect(await served.call("POST", "/notes", ["a"])).toBeNull();
  expect(await served.control("GET", "")).toMatchObject({ pending: 1 });
  expect(await notes(served)).toEqual(["seed 1"]);
  expect(await served.call("POST", "/notes", ["b"])).toBeNull();
  await expect.poll(() => notes(served)).toEqual(["b", "seed 1"]);
});

test("cut: the first items of a call on many, and then 500; a call on one is not cut", async () => {
  const served = await signedIn("cut after 2 next 1");
  expect(await served.call("POST", "/notes", ["a"])).toMatchObject({ status: 200 });
  expect(await served.call("POST", "/notes", ["b", "c", "d"])).toMatchObject({ status: 500, text: "cut" });
  expect(await notes(served)).toEqual(["a", "b", "c", "seed 1"]);
});

test("expire: the session ends before the call", async () => {
  const served = await signedIn("expire next 1");
  expect(await served.call("POST", "/notes", ["a"])).toMatchObject({ status: 401 });
  await served.call("POST", "/sign-in");
  expect(await served.call("POST", "/notes", ["a"])).toMatchObject({ status: 200 });
});

test("refuse: as the system words it, without an effect", async () => {
  const served = await signedIn("refuse next 1");
  expect(await served.call("POST", "/notes", ["a"])).toMatchObject({ status: 200, text: "no" });
  expect(await notes(served)).toEqual(["seed 1"]);
});

test("reads and sign-ins are left alone unless the fault says so", async () => {
  const served = await signedIn("drop");
  expect(await served.call("GET", "/notes")).toMatchObject({ status: 200 });
  await served.control("POST", "/faults", ["drop on reads"]);
  expect(await served.call("GET", "/notes")).toBeNull();
  expect(await served.call("POST", "/notes", ["a"])).toMatchObject({ status: 200 });
  await served.control("POST", "/faults", { faults: ["500 before on /sign"] });
  expect(await served.call("POST", "/sign-in")).toMatchObject({ status: 500 });
  expect(await served.call("GET", "/notes")).toMatchObject({ status: 200 });
});

test("a fault of the system's own is told with the others and survives a reset", async () => {
  const served = await signedIn("lose 0%", "burn");
  expect(await served.call("GET", "/notes")).toMatchObject({ status: 507 });
  await served.control("POST", "/reset");
  expect(await served.call("GET", "/notes")).toMatchObject({ status: 507 });
  expect(await served.control("GET", "/faults")).toEqual([
    { fault: "lose 0%", strikes: 0 },
    { fault: "burn", strikes: 1 },
  ]);
});

test("the same seed strikes the same calls, another one others", async () => {
  const struck = async (seed: number): Promise<string> => {
    const served = await serve(notebook, { seed, faults: ["500 before 30%"] });
    await served.call("POST", "/sign-in");
    let told = "";
    for (let index = 0; index < 40; index += 1) told += (await served.call("POST", "/notes", ["a"]))?.status === 500 ? "x" : ".";
    return told;
  };
  const first = await struck(7);
  expect(first).toMatch(/x/);
  expect(first).toMatch(/\./);
  expect(await struck(7)).toBe(first);
  expect(await struck(8)).not.toBe(first);
});

test.each([
  ["loose 5%", "`loose` is no fault"],
  ["500 2%", "expected `before` or `after`"],
  ["delay 10%", "expected a time"],
  ["lose 150%", "at most `100%`"],
  ["lose retry-after 3", "`retry-after` is not understood"],
  ["lose on mondays", "expected `writes`, `reads`, `all`"],
  ["", "`` is no fault"],
])("the fault `%s` is refused: %s", (text, why) => {
  expect(() => parseFault(text)).toThrow(why);
});

test("a fault that cannot be read leaves the others as they are", async () => {
  const served = await signedIn("lose 0%");
  expect(await served.control("POST", "/faults", ["drop", "loose"])).toMatchObject({
    error: expect.stringContaining("`loose` is no fault"),
  });
  expect(await served.control("POST", "/faults", "nonsense")).toMatchObject({ error: "the body is not JSON" });
  expect(await served.control("POST", "/faults", { fault: "drop" })).toMatchObject({
    error: expect.stringContaining("expected a list of faults"),
  });
  expect(await served.control("GET", "/faults")).toEqual([{ fault: "lose 0%", strikes: 0 }]);
});
