import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FieldFault } from "../../src/connectors/files/fields.js";
import { invoiceNumber } from "../../src/connectors/hesi/invoices.js";
import { split } from "../../src/connectors/hesi/split.js";
import { Decimal } from "../../src/model/decimal.js";
import { aStatement, itemOf, openTarget, tokenReply } from "./hesi-setup.js";
import { only, problemOf, type Reply, serve } from "./http-setup.js";

describe("an amount that is divided", () => {
  test.each([
    ["10.00", ["1", "1", "1"], ["3.34", "3.33", "3.33"]],
    ["0.01", ["333.37", "666.73"], ["0.00", "0.01"]],
    ["-6.00", ["-50", "-50"], ["-3.00", "-3.00"]],
    ["1.005", ["1", "1"], ["0.503", "0.502"]],
    ["5", ["0", "0"], [null, null]],
    ["5", ["1", null], [null, null]],
    [null, ["1"], [null]],
  ])("%s among %j is %j", (amount, shares, parts) => {
    expect(split(amount, shares, 2)).toEqual(parts);
  });

  test("adds up to itself, always", () => {
    const cents = fc.integer({ min: 1, max: 10_000_000 }).map((each) => `${Math.floor(each / 100)}.${String(each % 100).padStart(2, "0")}`);
    fc.assert(
      fc.property(cents, fc.array(cents, { minLength: 1, maxLength: 12 }), (amount, shares) => {
        const sum = split(amount, shares, 2).reduce((total, part) => total.add(Decimal.parse(part as string) as Decimal), Decimal.ZERO);
        expect(sum.equals(Decimal.parse(amount) as Decimal)).toBe(true);
      }),
    );
  });
});

test.each([
  [null, "26317000000123456789", "26317000000123456789"],
  ["044001900211", "２６３１７０００００ 0123456789", "26317000000123456789"],
  ["044001900211", "00083249", "044001900211-00083249"],
  ["", "12345678", "12345678"],
  ["044001900211", null, null],
])("an invoice with the code %j and the number %j is known as %j", (code, number, known) => {
  expect(invoiceNumber(code, number).number).toBe(known);
});

test("a number that was rounded is none any more", () => {
  expect(invoiceNumber(null, "2.511E+19").number).toBeInstanceOf(FieldFault);
});

describe("master data", () => {
  const department = (id: string, code: string, active = true) => ({ id: `corp1:${id}`, name: id, parentId: "", code, active });
  const entity = (kind: string, code: string, fields: Readonly<Record<string, string>>) =>
    itemOf(aStatement("entity", code, { kind, code, ...fields }));

  async function serveDepartments(rows: readonly object[], write: (method: string, path: string) => Reply) {
    const written: string[] = [];
    const { url } = await serve((request) => {
      const { pathname, search } = new URL(request.url, "http://x");
      if (pathname.includes("/auth/")) return tokenReply(1);
      if (request.method === "GET") return { body: { count: rows.length, items: rows } };
      written.push(`${request.method} ${pathname.replace("/api/openapi", "")}${search.replace(/[?&]accessToken=[^&]*/, "")}`);
      return write(request.method, pathname);
    });
    return { url, written };
  }

  test("a department is disabled by a call of its own, and refused with the system's words where people are in it", async () => {
    const server = await serveDepartments([department("d1", "D1"), department("d2", "D2"), department("d3", "D3", false)], (_, path) =>
      path.endsWith("d2")
        ? { status: 412, body: { errorCode: 412, errorMessage: "要停用部门下的员工，才能停用此部门" } }
        : { body: { items: [{}] } },
    );
    const outcomes = await openTarget(server.url).post(
      ["D1", "D2", "D3", "D4"].map((code) => entity("department", code, { name: code, disabled: "true" })),
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual(["created", "rejected", "exists", "exists"]);
    expect(problemOf(outcomes[1]).message).toBe("the target refused it (HTTP 412): 要停用部门下的员工，才能停用此部门");
    expect(server.written).toEqual([
      "PUT /v1/departments/disableOrEnableDepartment/$corp1:d1?active=false",
      "PUT /v1/departments/disableOrEnableDepartment/$corp1:d2?active=false",
    ]);
  });

  test("a code that stands for several is refused, and nothing is sent", async () => {
    const server = await serveDepartments([department("d1", "D1"), department("d2", "D1")], () => ({ body: {} }));
    const outcome = only(await openTarget(server.url).post([entity("department", "D1", { name: "x" })]));
    expect(problemOf(outcome).message).toBe("there are several departments `D1`, and which is meant is not clear");
    expect(server.written).toEqual([]);
  });

  test("a list that cannot be read stops before anything is sent", async () => {
    const { url } = await serve((request) =>
      request.url.includes("/auth/") ? tokenReply(1) : { status: 500, body: { errorMessage: "系统繁忙" } },
    );
    await expect(openTarget(url).post([entity("department", "D1", { name: "x" })])).rejects.toThrow(
      /TARGET_UNAVAILABLE: GET .*departments: it answers HTTP 500/,
    );
  });

  test("a kind that is none is told by the plan already", async () => {
    const answers = await openTarget("http://127.0.0.1:9").check?.([entity("warehouse", "W", { name: "x" }).document]);
    expect(answers?.[0]?.message).toBe("Hesi has no master data of the kind `warehouse`");
  });
});
