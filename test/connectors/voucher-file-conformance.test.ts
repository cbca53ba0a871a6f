import { LAYOUTS } from "../../src/connectors/voucher-file/options.js";
import { targetConformance } from "./target-conformance.js";
import { aDocument, aFolder, aLine, controlsOf, filesIn, linesOf, openVoucherFiles } from "./voucher-file-setup.js";

for (const layout of LAYOUTS)
  targetConformance(`voucher-file in layout ${layout}`, () => {
    const folder = aFolder();
    return {
      open: () => openVoucherFiles(folder, { layout, batch: 3 }),
      document: (key) => aDocument({ key }),
      refused: (key) => aDocument({ key, lines: [aLine(), aLine({ side: "credit", account: "224101", amountMinor: 9_999n })] }),
      balances: () => {
        const balances = new Map<string, bigint>();
        const add = (account: string, minor: bigint): void => {
          balances.set(account, (balances.get(account) ?? 0n) + minor);
        };
        // The files themselves where they are text, else what the control files say of them.
        if (layout === "csv") {
          for (const file of filesIn(folder))
            for (const [, , account = "", , amount = ""] of linesOf(folder, file, "utf-8")) add(account, BigInt(amount.replace(".", "")));
        } else {
          for (const { entries, documentAt } of controlsOf(folder))
            for (const at of entries.keys())
              for (const line of documentAt(at).lines) add(line.account, line.side === "debit" ? line.amountMinor : -line.amountMinor);
        }
        return new Map([...balances].filter(([, minor]) => minor !== 0n));
      },
    };
  });
