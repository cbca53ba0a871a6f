import fc from "fast-check";
import { expect, test } from "vitest";
import { BANK, type Client, expense, type Line, open, payable, STAFF, type Status, TRAVEL, voucher } from "./client.js";

interface Balance {
  readonly accounts: readonly { readonly debit: string; readonly credit: string }[];
  readonly debit: string;
  readonly credit: string;
  readonly balanced: boolean;
}

const amounts = fc.bigInt(-99_999n, 99_999n).map((minor) => {
  const digits = (minor < 0n ? -minor : minor).toString().padStart(3, "0");
  return `${minor < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
});

const lines: fc.Arbitrary<Line> = fc
  .tuple(fc.constantFrom(TRAVEL, STAFF, BANK, { account: "6602" }, { account: "66020101" }), fc.boolean(), amounts)
  .map(([line, isDebit, amount]) => ({ ...line, ...(isDebit ? { debit: amount } : { credit: amount }) }));

const models = fc.oneof(
  { weight: 3, arbitrary: amounts.map((amount) => expense(amount, "BX")) },
  { weight: 1, arbitrary: fc.array(lines, { maxLength: 4 }).map((some) => voucher(some)) },
  { weight: 1, arbitrary: fc.constantFrom("2024-01-01", "2026-04-30", "never").map((FDate) => expense("7.77", "BX", { FDate })) },
);

type Call =
  | { readonly kind: "batch"; readonly models: readonly unknown[]; readonly options: object }
  | { readonly kind: "update"; readonly at: number; readonly model: Record<string, unknown>; readonly options: object }
  | { readonly kind: "step"; readonly at: number; readonly name: string }
  | { readonly kind: "edit"; readonly at: number; readonly lines: readonly Record<string, unknown>[] };

const options = fc.record({ ValidateFlag: fc.boolean(), IsDeleteEntry: fc.boolean(), IsAutoSubmitAndAudit: fc.boolean() });
const at = fc.nat(20);

const calls: fc.Arbitrary<Call> = fc.oneof(
  fc.record({ kind: fc.constant("batch" as const), models: fc.array(models, { minLength: 1, maxLength: 5 }), options }),
  fc.record({ kind: fc.constant("update" as const), at, model: models, options }),
  fc.record({
    kind: fc.constant("step" as const),
    at,
    name: fc.constantFrom("Submit", "Audit", "UnAudit", "CancelAssign", "Delete", "Draft"),
  }),
  fc.record({
    kind: fc.constant("edit" as const),
    at,
    lines: fc.array(
      amounts.map((FDEBIT) => ({
        FEntryID: 0,
        FEXPLANATION: "x",
        FACCOUNTID: { FNumber: "100201" },
        FCURRENCYID: { FNumber: "PRE001" },
        FDEBIT,
      })),
    ),
  }),
);

async function run(
  client: Client & { act: (name: string, body: unknown) => Promise<unknown> },
  ids: (string | number)[],
  call: Call,
): Promise<void> {
  const id = ids[call.kind === "batch" ? 0 : call.at % Math.max(ids.length, 1)];
  if (call.kind === "batch") {
    const { Result } = await client.on("BatchSave", "GL_VOUCHER", { ...call.options, Model: call.models });
    expectOneOutcomeEach(Result.ResponseStatus, call.models.length);
    ids.push(...Result.ResponseStatus.SuccessEntitys.map((each) => each.Id));
  } else if (call.kind === "update") {
    await client.on("Save", "GL_VOUCHER", { ...call.options, Model: { ...call.model, FVOUCHERID: id ?? 0 } });
  } else if (call.kind === "edit") {
    await client.act("edit_voucher", { id: Number(id ?? 0), model: { FEntity: call.lines } });
  } else if (call.name === "Draft") {
    await client.on("Draft", "GL_VOUCHER", { Model: { FEntity: [{ FDEBIT: "3.33" }] } });
  } else await client.on(call.name, "GL_VOUCHER", { Ids: String(id ?? 0) });
}

/** An item that failed may have several reasons, and one that succeeded has none. */
function expectOneOutcomeEach(status: Status, items: number): void {
  const failed = new Set(status.Errors.map(({ DIndex }) => DIndex));
  const done = status.SuccessEntitys.map(({ DIndex }) => DIndex);
  expect([...failed, ...done].sort((left, right) => left - right)).toEqual(Array.from({ length: items }, (_, index) => index));
}

test("the trial balance balances after any calls, and a batch has one outcome for each of its items", async () => {
  const client = await open();
  const ids: (string | number)[] = [];
  await fc.assert(
    fc.asyncProperty(fc.array(calls, { minLength: 1, maxLength: 8 }), async (some) => {
      for (const call of some) await run(client, ids, call);
      const balance = await client.inspect<Balance>("trial_balance");
      expect(balance.balanced).toBe(true);
      expect(balance.debit).toBe(balance.credit);
      const minor = (text: string): bigint => BigInt(text.replace(".", ""));
      expect(balance.accounts.reduce((sum, { debit, credit }) => sum + minor(debit) - minor(credit), 0n)).toBe(0n);
    }),
    { numRuns: 25 },
  );
  expect(ids.length).toBeGreaterThan(5);
});

test("whatever a batch of payables holds, what it says was saved is there once, and nothing else", async () => {
  const client = await open();
  const keys = fc.constantFrom("A", "B", "C", "D");
  const bills = fc.tuple(keys, fc.array(amounts, { maxLength: 2 }), fc.constantFrom("S0001", "S9999"));
  await fc.assert(
    fc.asyncProperty(fc.array(bills, { minLength: 1, maxLength: 6 }), async (some) => {
      await client.control("POST", "/reset");
      await client.signIn();
      const Model = some.map(([key, totals, supplier]) => payable(key, totals, { FSUPPLIERID: { FNumber: supplier } }));
      const { ResponseStatus: status } = (await client.on("BatchSave", "AP_Payable", { Model })).Result;
      expectOneOutcomeEach(status, some.length);
      const kept = (await client.query("AP_Payable", "FBillNo", { OrderString: "FBillNo" })).flat();
      expect(kept).toEqual(status.SuccessEntitys.map((each) => each.Number).sort());
      expect(new Set(kept).size).toBe(kept.length);
    }),
    { numRuns: 20 },
  );
});
