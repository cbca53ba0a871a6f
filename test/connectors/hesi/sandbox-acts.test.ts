import fc from "fast-check";
import { expect, test } from "vitest";
import type { Flow } from "../../../src/connectors/hesi/sandbox/shapes.js";
import { fen, type Hesi, hesi } from "./sandbox-client.js";

async function documents(tenant: Hesi, ...codes: readonly (string | undefined)[]): Promise<Flow[]> {
  return tenant.served.control("GET", `/inspect/document?${codes.map((code) => `code=${code}`).join("&")}`);
}

function headerFitsDetails({ form }: Flow): void {
  const total = form.details.reduce((sum, { feeTypeForm }) => sum + fen(feeTypeForm.amount.standard), 0);
  expect(fen(form.expenseMoney.standard), form.code).toBe(total);
  expect(fen(form.payMoney.standard) + fen(form.writtenOffMoney.standard), form.code).toBe(total);
  expect(form.companyRealPay, form.code).toEqual(form.payMoney);
  for (const { feeTypeForm } of form.details) {
    const parts = feeTypeForm.apportions.map(({ apportionForm }) => fen(apportionForm.apportionMoney.standard));
    if (parts.length > 0)
      expect(
        parts.reduce((sum, part) => sum + part, 0),
        form.code,
      ).toBe(fen(feeTypeForm.amount.standard));
  }
}

test("the next night: 50 new, 10 changed, 5 voided, 3 whose fee type has no account", async () => {
  const tenant = await hesi();
  const before = tenant.clock.now().getTime();
  tenant.clock.forward(1_000);
  expect(await tenant.act("fee-type", { name: "团队建设", parent: "PEOPLE" })).toEqual([]);
  const fresh = await tenant.act("create", { count: 50 });
  const strange = await tenant.act("create", { count: 3, feeType: "团队建设" });
  const changed = await tenant.act("edit", { codes: fresh.slice(0, 10).map(({ code }) => code), add: "0.01" });
  const voided = await tenant.act("void", { codes: fresh.slice(10, 15).map(({ code }) => code) });
  expect([fresh.length, strange.length, changed.length, voided.length]).toEqual([50, 3, 10, 5]);
  expect(new Set([...fresh, ...strange].map(({ code }) => code)).size).toBe(53);
  expect(changed.map(({ total }) => fen(total))).toEqual(fresh.slice(0, 10).map(({ total }) => fen(total) + 1));
  expect(voided.every(({ state }) => state === "nullify")).toBe(true);
  const flows = await documents(tenant, ...strange.map(({ code }) => code));
  expect(flows.flatMap(({ form }) => form.details).every(({ feeType }) => feeType.name === "团队建设")).toBe(true);
  for (const { updateTime } of flows) expect(updateTime).toBeGreaterThan(before);
});

test("made-up claims have invoices of their own", async () => {
  const tenant = await hesi();
  await tenant.act("create", { count: 40 });
  const flows = await tenant.served.control<Flow[]>("GET", "/inspect/document");
  const used = flows.flatMap(({ form }) => form.details).flatMap(({ feeTypeForm }) => feeTypeForm.invoiceForm.invoices);
  expect(new Set(used.map(({ invoiceId }) => invoiceId)).size).toBe(used.length);
  const { invoices } = await tenant.served.control<{ invoices: number }>("GET", "/inspect/counts");
  expect(invoices).toBe(used.length);
});

test("a document goes from hand to hand, and its log tells", async () => {
  const tenant = await hesi();
  const [made] = await tenant.act("create", { count: 1, state: "approving" });
  const codes = [made?.code];
  await tenant.act("approve", { codes });
  await tenant.act("start-payment", { codes });
  await tenant.act("pay", { codes });
  await tenant.act("archive", { codes });
  const [flow] = await documents(tenant, made?.code);
  expect(flow?.logs.map(({ state }) => state)).toEqual(["approving", "paying", "PROCESSING", "paid", "archived"]);
  expect(await tenant.served.control("GET", "/inspect/payments")).toMatchObject([{ flowId: made?.id, by: "hand" }]);
  await expect(tenant.act("void", { codes })).rejects.toThrow("is `archived`, and this needs");
  await expect(tenant.act("approve", { codes: ["B99"] })).rejects.toThrow("there is no document `B99`");
  await expect(tenant.act("approve", {})).rejects.toThrow("say which documents");
  await expect(tenant.act("burn", {})).rejects.toThrow("nobody can `burn`");
  await expect(tenant.act("approve", { count: 100_000 })).rejects.toThrow("there are only");
});

test("what cannot be a claim is refused, and nothing of it is kept", async () => {
  const tenant = await hesi();
  const detail = { feeType: "快递费", amount: "1.00" };
  const refused = async (claim: object): Promise<void> => {
    await expect(tenant.act("create", { claims: [{ details: [detail] }, claim] })).rejects.toThrow("error");
  };
  for (const claim of [
    {},
    { details: [] },
    { details: [{ feeType: "快递费" }] },
    { details: [{ ...detail, amount: 1 }] },
    { details: [{ ...detail, amount: "1.001" }] },
    { details: [{ ...detail, feeType: "火箭" }] },
    { details: [{ ...detail, date: "yesterday" }] },
    { details: [{ ...detail, apportions: [{ department: "0102", amount: "0.99" }] }] },
    { person: "9", details: [detail] },
    { project: "9", details: [detail] },
  ]) {
    await refused(claim);
  }
  expect(await tenant.served.control("GET", "/inspect/counts")).toMatchObject({ documents: 3_000 });
});

test("one invoice on two claims", async () => {
  const tenant = await hesi();
  const made = await tenant.act("create", { count: 2 });
  const flows = await tenant.act("invoice", {
    codes: made.map(({ code }) => code),
    number: "26312000000000099999",
    total: "100.00",
    rate: "13",
  });
  expect(flows).toHaveLength(2);
  const numbers = await documents(tenant, ...made.map(({ code }) => code));
  const last = numbers.map(({ form }) => form.details[0]?.feeTypeForm.invoiceForm.invoices.at(-1));
  expect(last[0]?.invoiceId).not.toBe(last[1]?.invoiceId);
  expect(last.map((each) => [each?.taxRate, each?.taxAmount.standard])).toEqual([
    ["13", "11.50"],
    ["13", "11.50"],
  ]);
});

test("a reset begins again with the sample company", async () => {
  const tenant = await hesi();
  const [made] = await tenant.act("create", { count: 1 });
  await tenant.act("edit", { codes: [made?.code], title: "changed" });
  expect((await documents(tenant, made?.code))[0]?.form.title).toBe("changed");
  expect(await tenant.served.control("POST", "/reset")).toEqual({ reset: true });
  expect(await documents(tenant, made?.code)).toEqual([]);
  expect(await tenant.served.control("GET", "/inspect/counts")).toMatchObject({ documents: 3_000, vouchers: 0 });
});

test("after a restart documents and tokens are there, and no number comes again", async () => {
  const tenant = await hesi();
  const [made] = await tenant.act("create", { count: 1 });
  const again = await tenant.restart({ seed: 2 });
  expect(await again.get("/v1.1/flowDetails", { flowId: made?.id ?? "" })).toMatchObject({ status: 200 });
  const [next] = await again.act("create", { count: 1 });
  expect(Number(next?.code.slice(1))).toBe(Number(made?.code.slice(1)) + 1);
  expect(await again.served.control("GET", "/inspect/counts")).toMatchObject({ documents: 3_002 });
});

test("the header of every document of the year is the sum of its details", async () => {
  const tenant = await hesi();
  for (const flow of await tenant.served.control<Flow[]>("GET", "/inspect/document")) headerFitsDetails(flow);
});

test("after any sequence of calls the header of a document is the sum of its details", async () => {
  const step = fc.oneof(
    fc.record({ name: fc.constant("edit"), body: fc.record({ add: fc.constantFrom("0.01", "-0.01", "99.99", "-5") }) }),
    fc.record({
      name: fc.constant("edit"),
      body: fc.record({ amount: fc.integer({ min: 1, max: 999_999 }).map((value) => (value / 100).toFixed(2)) }),
    }),
    fc.record({
      name: fc.constant("edit"),
      body: fc.record({ feeType: fc.constantFrom("快递费", "差旅-住宿"), line: fc.constantFrom(1, 2) }),
    }),
    fc.record({ name: fc.constantFrom("approve", "reject", "start-payment", "pay", "void", "delete", "archive"), body: fc.constant({}) }),
    fc.record({ name: fc.constantFrom("voucher", "result"), body: fc.constant({}) }),
    fc.record({ name: fc.constant("invoice"), body: fc.constant({ number: "26312000000000088888" }) }),
  );
  const tenant = await hesi();
  const line = {
    feeType: "会议费",
    amount: "100.00",
    apportions: [
      { department: "0102", amount: "33.33" },
      { department: "0201", amount: "66.67" },
    ],
  };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), fc.constantFrom("0", "12.34", "150.00"), async (steps, writtenOff) => {
      const claims = [{ writtenOff, details: [line, { feeType: "培训费", amount: "0.10" }] }];
      const [made] = await tenant.act("create", { claims, state: "approving" });
      for (const { name, body } of steps) {
        // Whether the system takes the step or refuses it, the document stays whole.
        if (name === "voucher") {
          const voucher = [{ flowId: made?.id, voucherNo: "记-1", voucherCreateTime: "1" }];
          await tenant.call("PUT", "/v2.1/flow/data/erpVoucher", { voucher });
        } else if (name === "result") await tenant.call("POST", "/v1/paymentResults", { items: [{ id: made?.id, code: "P00001" }] });
        else await tenant.act(name, { codes: [made?.code], ...body }).catch(() => []);
      }
      const [flow] = await documents(tenant, made?.code);
      expect(flow).toBeDefined();
      headerFitsDetails(flow as Flow);
    }),
    { numRuns: 40, seed: 20261126 },
  );
});
