import { sandbox } from "../../src/connectors/kingdee/sandbox/index.js";
import { serveSandbox } from "../../src/connectors/sandbox/server.js";
import type { Document } from "../../src/model/document.js";
import { aClock } from "./http-setup.js";
import { aLine, aVoucher, openKingdeeTarget } from "./kingdee-setup.js";
import { type TargetUnderTest, targetConformance } from "./target-conformance.js";

type Options = Readonly<Record<string, unknown>>;

/** The whole target against the stand-in, which knows nothing of it. */
async function system(
  options: Options,
  document: (key: string) => Document,
  refused: (document: Document) => Document,
  faults: readonly string[] = [],
  signIn = "LoginBySign",
): Promise<TargetUnderTest> {
  const clock = aClock();
  const server = await serveSandbox(sandbox, { host: "127.0.0.1", port: 0, file: null, seed: 1, faults, now: () => clock.now });
  const connection = { ...sandbox.connection(server.address), sign_in: signIn };
  return {
    open: () => openKingdeeTarget(server.address, { connection, options, clock }),
    document,
    refused: (key) => refused(document(key)),
    dispose: () => server.close(),
    ...(options["form"] === undefined
      ? {
          balances: async () => {
            const answer = await fetch(`${server.address}/_sandbox/inspect/trial_balance?status=C`);
            const { accounts } = (await answer.json()) as { accounts: { account: string; balance: string }[] };
            return new Map(accounts.map(({ account, balance }) => [account, BigInt(balance.replace(".", ""))]));
          },
        }
      : {}),
  };
}

const voucher = (key: string): Document => aVoucher({ key, text: `报销 ${key}` });
const unbalanced = (document: Document): Document => ({ ...document, lines: [aLine({ amountMinor: 9_999n }), ...document.lines.slice(1)] });
const noSupplier = (document: Document): Document => ({ ...document, fields: { ...document.fields, supplier: "NOBODY" } });
const payable = (key: string): Document => ({
  type: "payable",
  key,
  date: "2026-11-20",
  currency: "CNY",
  text: `费用 ${key}`,
  attachments: 0,
  fields: { supplier: "S0001", due: "2026-12-20" },
  lines: [
    aLine({ account: "OFFICE-SUPPLIES", amountMinor: 10_600n, fields: { tax: "6.00", tax_rate: "6" }, dimensions: { 部门: "0201" } }),
  ],
});

targetConformance("kingdee, vouchers that are saved, submitted and audited", () => system({ book: "001" }, voucher, unbalanced));
// The stand-in checks both signatures of each request, by its own computation.
targetConformance("kingdee, vouchers by signed requests", () => system({ book: "001" }, voucher, unbalanced, [], "signed requests"));
targetConformance("kingdee, vouchers with short keys in a field of the header, while sessions end now and then", () =>
  system({ book: "001", key: { field: "F_SYNC_KEY", length: 16, write: "short" } }, voucher, unbalanced, ["expire 4% on all"]),
);
targetConformance("kingdee, payables with red ones", () =>
  system({ form: "AP_Payable", organisation: "100", cancel: "red entry" }, payable, noSupplier),
);
