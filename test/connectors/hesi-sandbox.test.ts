import { describe, expect, test } from "vitest";
import { sandbox } from "../../src/connectors/hesi/sandbox/index.js";
import { aStatement, itemOf, malformedOf, type OpenOptions, openTarget, postingOf, readEvents, reversalOf } from "./hesi-setup.js";
import { only, problemOf } from "./http-setup.js";
import { type Served, serve } from "./sandbox/serve.js";

/** The stand-in was written from the vendor's documentation by somebody else; it shares nothing with the connector. */

const CONNECTION = { app_key: "sandbox-key", app_security: "sandbox-secret" };

interface Brief {
  readonly id: string;
  readonly code: string;
  readonly state: string;
  readonly active: boolean;
  readonly voucherNo: string;
  readonly total: string;
  readonly updateTime: number;
}

const started = (faults: readonly string[] = []): Promise<Served> =>
  serve(sandbox, { faults, now: () => new Date("2026-12-01T02:03:04Z") });

const look = <T>(hesi: Served, name: string): Promise<T[]> => hesi.control<T[]>("GET", `/inspect/${name}`);

async function read(hesi: Served, options: OpenOptions): Promise<readonly (readonly unknown[])[]> {
  const events = await readEvents(hesi.address, { connection: CONNECTION, ...options });
  for (const event of events) if (event.kind === "abandoned") throw new Error(JSON.stringify(event.problem));
  expect(malformedOf(events)).toEqual([]);
  return events.flatMap((event) => (event.kind === "records" ? event.records.map(({ cells }) => cells) : []));
}

const cents = (text: unknown): bigint => {
  const [whole = "", places = ""] = String(text).split(".");
  return BigInt(whole) * 100n + BigInt(`${places}00`.slice(0, 2));
};

describe("reading", () => {
  test("a year of claims: each document once, its lines adding up to it, whatever the system does meanwhile", async () => {
    const hesi = await started([
      "504 above 200",
      "expire next 1 on reads",
      "429 retry-after 1 next 1 on reads",
      "500 before next 1 on reads",
    ]);
    const source = { detail: false, since: { start: "2025-10-01", halve: "1h" } };
    const rows = await read(hesi, { source, columns: ["id", "row.line", "row.amount", "document.amount"] });
    const sums = new Map<unknown, bigint>();
    const totals = new Map<unknown, bigint>();
    const keys = new Set<string>();
    for (const [id, line, amount, total] of rows) {
      // Windows overlap, so a row may come twice; it is the same one then.
      if (keys.has(`${id}/${line}`)) continue;
      keys.add(`${id}/${line}`);
      sums.set(id, (sums.get(id) ?? 0n) + cents(amount));
      totals.set(id, cents(total));
    }
    const documents = await look<Brief>(hesi, "documents?active=true");
    expect(new Set(sums.keys())).toEqual(new Set(documents.map(({ id }) => id)));
    for (const { id, total } of documents) {
      expect(totals.get(id)).toBe(cents(total));
      expect(sums.get(id)).toBe(cents(total));
    }
    const log = await hesi.control<{ fault: string; strikes: number }[]>("GET", "/faults");
    expect(log.filter(({ strikes }) => strikes === 0)).toEqual([]);
  }, 60_000);

  test("a token that is refused when it is new", async () => {
    const hesi = await started(["403 after sign-in"]);
    expect(await read(hesi, { source: { stream: "fee_types" }, columns: ["id"] })).not.toEqual([]);
    expect((await hesi.control<{ strikes: number }[]>("GET", "/faults"))[0]?.strikes).toBeGreaterThan(0);
  });

  test("details with names and codes of everything, and only what changed since", async () => {
    const hesi = await started();
    const columns = ["form.code", "submitter.code", "row.department.code", "detail.feeType.code", "updateTime"];
    const options = {
      source: { since: { start: "2026-11-29" } },
      columns,
      optional: ["apportion.apportionForm.项目.code", "detail.invoices.numbers"],
    };
    const rows = await read(hesi, options);
    expect(rows.length).toBeGreaterThan(30);
    for (const [code, person, department, fee] of rows)
      expect([code, person, department, fee].every((each) => typeof each === "string")).toBe(true);
    expect(rows.some((row) => row[5] !== null) && rows.some((row) => row[6] !== null)).toBe(true);
    const last = rows.at(-1)?.[4] as string;
    const since = new Date(Date.parse(last)).toISOString();
    expect(new Set((await read(hesi, { ...options, since })).map(([code]) => code)).size).toBeLessThan(3);
  });

  test("the invoices of documents have numbers that tell them apart, and those of 20 digits stand alone", async () => {
    const hesi = await started();
    const rows = await read(hesi, {
      source: { stream: "invoices", since: { start: "2026-11-28" } },
      columns: ["form.code", "invoice.number", "invoice.id"],
    });
    expect(rows.length).toBeGreaterThan(10);
    const numbers = rows.map(([, number]) => String(number));
    expect(numbers.every((number) => /^(\d{20}|\d{10,12}-\d{8})$/.test(number))).toBe(true);
  });

  test.each(["staffs", "departments", "fee-types", "dimensions", "dimension-items"])("%s, whole", async (name) => {
    const hesi = await started();
    const all = await look<{ id: string }>(hesi, name === "staffs" ? "staff" : name);
    const rows = await read(hesi, { source: { stream: name.replace("-", "_") }, columns: ["id"] });
    expect(rows.map(([id]) => id).sort()).toEqual(all.map(({ id }) => id).sort());
  });

  test("business objects, under short names", async () => {
    const hesi = await started();
    const [suppliers] = await look<{ id: string; name: string }>(hesi, "entities");
    const rows = await read(hesi, { source: { stream: "datalinks", entity: suppliers?.id }, columns: ["code", "data.name", "data.税号"] });
    const all = await look<{ entityId: string; code: string }>(hesi, "data-links");
    expect(rows.map(([code]) => code).sort()).toEqual(
      all
        .filter(({ entityId }) => entityId === suppliers?.id)
        .map(({ code }) => code)
        .sort(),
    );
  });
});

describe("writing back", () => {
  const result = (id: string, fields: Readonly<Record<string, string>>) => itemOf(aStatement("result", id, { source: id, ...fields }));

  test("voucher numbers of what is paid; the rest waits, and is written when it is paid", async () => {
    const hesi = await started();
    const [paid] = await look<Brief>(hesi, "documents?state=paid&active=true");
    const [waiting] = await look<Brief>(hesi, "documents?state=paying&active=true");
    if (paid === undefined || waiting === undefined) throw new Error("the sample company has both");
    const target = openTarget(hesi.address, {}, { connection: CONNECTION });
    const items = [paid, waiting].map(({ id }, at) => result(id, { number: `记-${at + 1}`, day: "2026-11-30", period: "2026-11" }));
    const outcomes = await target.post(items);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["created", "rejected"]);
    expect(problemOf(outcomes[1]).code).toBe("TARGET_NOT_YET");
    await hesi.control("POST", "/act/pay", { codes: [waiting.code] });
    // A second time changes nothing for the first one.
    expect((await target.post(items)).map(({ kind }) => kind)).toEqual(["created", "created"]);
    const vouchers = await look<Brief & { voucherCreateTime: unknown }>(hesi, "vouchers");
    expect(vouchers.map(({ code, voucherNo }) => [code, voucherNo]).sort()).toEqual(
      [
        [paid.code, "记-1"],
        [waiting.code, "记-2"],
      ].sort(),
    );
    expect(Number(vouchers[0]?.voucherCreateTime)).toBe(Date.parse("2026-11-30T00:00:00+08:00"));
    // What we wrote comes back to the source.
    const rows = await read(hesi, {
      source: { rows: "documents", since: { start: "2026-11-30" } },
      columns: ["id"],
      optional: ["form.voucherNo", "form.voucherCreateTime"],
      clock: { waits: [], now: new Date("2026-12-01T02:04:00Z") },
    });
    expect(rows.find(([id]) => id === paid.id)).toEqual([paid.id, "记-1", "2026-11-30T00:00:00.000+08:00"]);
    expect(await target.reverse([reversalOf(items[0] as never, paid.id)])).toEqual([{ kind: "created", reference: paid.id }]);
    expect((await look<Brief>(hesi, "vouchers")).map(({ code }) => code)).toEqual([waiting.code]);
  });

  test("numbers of what is archived are refused before anything is sent, and those that stand there already are not", async () => {
    const hesi = await started();
    const { documents } = await hesi.control<{ documents: readonly Brief[] }>("POST", "/act/create", { count: 2 });
    const [numbered, other] = documents;
    const target = () => openTarget(hesi.address, {}, { connection: CONNECTION });
    const items = [numbered, other].map((each) => result(each?.id ?? "", { number: "记-1", day: "2026-11-30" }));
    expect(only(await target().post(items.slice(0, 1))).kind).toBe("created");
    await hesi.control("POST", "/act/archive", { codes: documents.map(({ code }) => code) });
    await hesi.control("DELETE", "/calls");
    const outcomes = await target().post(items);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["exists", "rejected"]);
    expect(problemOf(outcomes[1])).toMatchObject({ code: "TARGET_REJECTED", at: [{ document: other?.id }] });
    expect((await target().check?.(items.map(({ document }) => document)))?.map((each) => each?.code ?? null)).toEqual([
      null,
      "TARGET_REJECTED",
    ]);
    const { calls } = await hesi.control<{ calls: Readonly<Record<string, number>> }>("GET", "/calls");
    expect(Object.keys(calls).filter((call) => call.includes("erpVoucher"))).toEqual([]);
  });

  test.each(["lose next 1", "500 after next 1"])("a number whose answer is lost (%s) is found, and can be written again", async (fault) => {
    const hesi = await started();
    const [paid] = await look<Brief>(hesi, "documents?state=paid&active=true");
    const target = openTarget(hesi.address, {}, { connection: CONNECTION });
    const item = result(paid?.id ?? "", { number: "记-7" });
    await hesi.control("POST", "/faults", [`${fault} on /erpVoucher`]);
    expect(only(await target.post([item])).kind).toBe("unconfirmed");
    expect(await target.lookup(item.idempotencyKey)).toEqual({ reference: paid?.id });
    expect(only(await openTarget(hesi.address, {}, { connection: CONNECTION }).post([item])).kind).toBe("created");
    expect((await look<Brief>(hesi, "vouchers")).map(({ voucherNo }) => voucherNo)).toEqual(["记-7"]);
  });

  test("what became of payments, for those under way", async () => {
    const hesi = await started();
    const [first, second] = await look<Brief>(hesi, "documents?state=PROCESSING&active=true");
    const [paying] = await look<Brief>(hesi, "documents?state=paying&active=true");
    const target = openTarget(hesi.address, { results: "payment" }, { connection: CONNECTION });
    const items = [
      result(first?.id ?? "", { status: "paid" }),
      result(second?.id ?? "", { status: "failed", message: "余额不足" }),
      result(paying?.id ?? "", { status: "paid" }),
    ];
    const outcomes = await target.post(items);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["created", "created", "rejected"]);
    expect(problemOf(outcomes[2]).code).toBe("TARGET_NOT_YET");
    expect(only(await target.post(items.slice(0, 1))).kind).toBe("exists");
  });
});

describe("master data", () => {
  const entity = (kind: string, code: string, fields: Readonly<Record<string, string>>) =>
    itemOf(aStatement("entity", `${kind}/${code}`, { kind, code, ...fields }));
  const writes = async (hesi: Served): Promise<number> => {
    const { calls } = await hesi.control<{ calls: Readonly<Record<string, number>> }>("GET", "/calls");
    return Object.entries(calls)
      .filter(([call]) => /^(PUT|POST) /.test(call) && !call.includes("/auth/"))
      .reduce((sum, [, count]) => sum + count, 0);
  };

  /** Posts as one run does, and then as another one would that finds nothing to do. */
  async function kept(hesi: Served, target: Readonly<Record<string, unknown>>, items: readonly ReturnType<typeof entity>[]) {
    const outcomes = await openTarget(hesi.address, target, { connection: CONNECTION }).post(items);
    const before = await writes(hesi);
    const again = await openTarget(hesi.address, target, { connection: CONNECTION }).post(items);
    expect(again.map(({ kind }) => kind)).toEqual(items.map(() => "exists"));
    expect(await writes(hesi)).toBe(before);
    return outcomes.map(({ kind }) => kind);
  }

  test("dimension items are made from the top down, changed where they differ, and disabled", async () => {
    const hesi = await started();
    const target = { dimension: "项目" };
    const made = [
      entity("dimension_item", "N-2", { name: "下级", parent: "N-1" }),
      entity("dimension_item", "N-1", { name: "上级" }),
      entity("dimension_item", "P-2026-001", { name: "华东渠道拓展（二期）" }),
      entity("dimension_item", "P-2026-002", { name: "新一代结算平台" }),
    ];
    expect(await kept(hesi, target, made)).toEqual(["created", "created", "created", "exists"]);
    interface Item {
      code: string;
      name: string;
      parentId: string;
      id: string;
      active: boolean;
    }
    const items = async () => new Map((await look<Item>(hesi, "dimension-items")).map((each) => [each.code, each]));
    const now = await items();
    expect(now.get("N-2")?.parentId).toBe(now.get("N-1")?.id);
    expect(now.get("P-2026-001")).toMatchObject({ name: "华东渠道拓展（二期）", active: true });
    expect(await kept(hesi, target, [entity("dimension_item", "N-2", { name: "下级", disabled: "true" })])).toEqual(["created"]);
    expect((await items()).get("N-2")?.active).toBe(false);
    expect(await kept(hesi, target, [entity("dimension_item", "N-2", { name: "又一个", disabled: "false" })])).toEqual(["created"]);
    expect((await items()).get("N-2")).toMatchObject({ active: true, name: "又一个" });
    // What is no longer wanted is disabled.
    const open = openTarget(hesi.address, target, { connection: CONNECTION });
    expect(only(await open.reverse([reversalOf(made[0] as never, "N-2")])).kind).toBe("created");
    expect((await items()).get("N-2")?.active).toBe(false);
  });

  test("an item whose parent is not there yet waits; a kind and a dimension that do not exist are told", async () => {
    const hesi = await started();
    const open = (target: Readonly<Record<string, unknown>>) => openTarget(hesi.address, target, { connection: CONNECTION });
    const outcome = only(await open({ dimension: "项目" }).post([entity("dimension_item", "N-9", { name: "x", parent: "N-8" })]));
    expect([problemOf(outcome).code, problemOf(outcome).message]).toEqual([
      "TARGET_NOT_YET",
      "the dimension item `N-8` above it is not there yet",
    ]);
    expect(problemOf(only(await open({}).post([entity("warehouse", "W1", { name: "x" })]))).message).toBe(
      "Hesi has no master data of the kind `warehouse`",
    );
    await expect(open({ dimension: "没有" }).post([entity("dimension_item", "N-1", { name: "x" })])).rejects.toThrow(
      "there is no dimension `没有`",
    );
    await expect(open({}).post([entity("dimension_item", "N-1", { name: "x" })])).rejects.toThrow("the target has no `dimension`");
  });

  test("rows of business objects are never disabled by saying nothing", async () => {
    const hesi = await started();
    const [suppliers] = await look<{ id: string }>(hesi, "entities");
    const target = { entity: suppliers?.id };
    const items = [
      entity("datalink", "S0001", { name: "上海示例酒店管理有限公司", 开户行: "招商银行" }),
      entity("datalink", "S9001", { name: "新供应商", 税号: "91310000000000000X" }),
    ];
    expect(await kept(hesi, target, items)).toEqual(["exists", "created"]);
    const rows = async () =>
      new Map(
        (await look<{ code: string; active: boolean; data: Readonly<Record<string, string>> }>(hesi, "data-links")).map((each) => [
          each.code,
          each,
        ]),
      );
    expect((await rows()).get("S9001")).toMatchObject({ active: true, data: { [`E_${suppliers?.id}_税号`]: "91310000000000000X" } });
    expect(await kept(hesi, target, [entity("datalink", "S9001", { name: "新供应商", disabled: "true" })])).toEqual(["created"]);
    expect((await rows()).get("S9001")?.active).toBe(false);
  });

  test("a row that is refused says why, and stops no other", async () => {
    const hesi = await started();
    const [suppliers] = await look<{ id: string }>(hesi, "entities");
    await hesi.control("POST", "/faults", ["refuse next 2 on /datalink/add"]);
    const open = openTarget(hesi.address, { entity: suppliers?.id }, { connection: CONNECTION });
    const outcomes = await open.post([entity("datalink", "S9001", { name: "甲" }), entity("datalink", "S9002", { name: "乙" })]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["rejected", "created"]);
    expect(problemOf(outcomes[0]).message).toContain("当前企业数据正在维护");
  });

  test("departments and people, by code; a lost answer is found by what is there", async () => {
    const hesi = await started();
    const departments = [
      entity("department", "0199", { name: "新部门", parent: "01" }),
      entity("department", "0102", { name: "财务中心" }),
    ];
    expect(await kept(hesi, {}, departments)).toEqual(["created", "created"]);
    interface Department {
      code: string;
      name: string;
      id: string;
      parentId: string;
    }
    const all = new Map((await look<Department>(hesi, "departments")).map((each) => [each.code, each]));
    expect([all.get("0199")?.parentId, all.get("0102")?.name]).toEqual([all.get("01")?.id, "财务中心"]);
    const staff = [
      entity("staff", "000999", { name: "新人", cellphone: "13900000999", department: "0199", email: "new@example.com" }),
      entity("staff", "000101", { name: "陈芳", department: "0102", cellphone: "13900001446" }),
    ];
    expect(await kept(hesi, {}, staff)).toEqual(["created", "created"]);
    interface Person {
      code: string;
      defaultDepartment: string;
      active: boolean;
      email: string;
    }
    const people = async () =>
      new Map((await look<Person>(hesi, "staff")).sort((a, b) => Number(a.active) - Number(b.active)).map((each) => [each.code, each]));
    const now = await people();
    // Somebody who left has the same number; the one in use is meant.
    expect(now.get("000999")).toMatchObject({ defaultDepartment: all.get("0199")?.id, active: true, email: "new@example.com" });
    expect(now.get("000101")).toMatchObject({ defaultDepartment: all.get("0102")?.id, email: "u000101@example.com" });
    const gone = entity("staff", "000999", { name: "新人", disabled: "true" });
    await hesi.control("POST", "/faults", ["lose next 1"]);
    const target = openTarget(hesi.address, { check_pending: false }, { connection: CONNECTION });
    expect(only((await target.update?.([{ ...gone, posting: postingOf(gone, "000999") }])) ?? []).kind).toBe("unconfirmed");
    expect(await target.lookup(gone.idempotencyKey)).toEqual({ reference: "000999" });
    expect((await people()).get("000999")?.active).toBe(false);
  });

  test("a department is switched off when nobody works in it, with those below it, and on again", async () => {
    const hesi = await started();
    const made = [
      entity("department", "0399", { name: "撤销的部门", parent: "03" }),
      entity("department", "039901", { name: "下级", parent: "0399" }),
    ];
    expect(await kept(hesi, {}, made)).toEqual(["created", "created"]);
    const isOn = async (...codes: readonly string[]) => {
      const all = new Map((await look<{ code: string; active: boolean }>(hesi, "departments")).map(({ code, active }) => [code, active]));
      return codes.map((code) => all.get(code));
    };
    const off = { disabled: "true" };
    expect(await kept(hesi, {}, [entity("department", "0399", { name: "撤销的部门", parent: "03", ...off })])).toEqual(["created"]);
    expect(await isOn("03", "0399", "039901")).toEqual([true, false, false]);
    expect(await kept(hesi, {}, [entity("department", "0399", { name: "恢复的部门", parent: "03" })])).toEqual(["created"]);
    expect(await isOn("0399", "039901")).toEqual([true, false]);
    const target = openTarget(hesi.address, {}, { connection: CONNECTION });
    const outcome = only(await target.post([entity("department", "0310", { name: "信息技术部", parent: "03", ...off })]));
    expect(problemOf(outcome)).toMatchObject({
      code: "TARGET_REJECTED",
      message: "the target refused it (HTTP 412): 要停用部门下的员工，才能停用此部门",
    });
    expect(await isOn("0310")).toEqual([true]);
  });
});
