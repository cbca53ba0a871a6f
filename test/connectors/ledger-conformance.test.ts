import { existsSync } from "node:fs";
import { join } from "node:path";
import { openBooks } from "../../src/connectors/ledger/books.js";
import { aDocument, aFolder, aLine, openLedger } from "./ledger-setup.js";
import { targetConformance } from "./target-conformance.js";

targetConformance("ledger", () => {
  const file = join(aFolder(), "books.ledger");
  return {
    open: () => openLedger({ file }),
    document: (key) => aDocument({ key }),
    refused: (key) => aDocument({ key, lines: [aLine(), aLine({ side: "credit", account: "224101", amountMinor: 9_999n })] }),
    balances: () => {
      if (!existsSync(file)) return new Map();
      const books = openBooks(file);
      const { rows } = books.trialBalance();
      books.close();
      return new Map(rows.map((row) => [row.account, row.closingMinor]));
    },
  };
});
