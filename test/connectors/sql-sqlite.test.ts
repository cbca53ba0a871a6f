import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { aDocument, itemOf, only } from "./ledger-documents.js";
import { sqliteEngine } from "./sql-databases.js";
import { aFolder, afterThisTest } from "./sql-setup.js";
import { INTERFACE, interfaceStatements, openTarget, sqlTargetSuite } from "./sql-target-suite.js";

sqlTargetSuite(sqliteEngine);

test("a file that is not there is made with its tables, and not before", async () => {
  const file = join(aFolder(), "new/budget.db");
  const target = await openTarget({ dialect: "sqlite", file }, { ...INTERFACE, create: interfaceStatements(sqliteEngine) });
  afterThisTest(() => target.close?.());
  expect(await target.lookup("expense/BX-001/1")).toBeNull();
  expect(existsSync(file)).toBe(false);
  expect(only(await target.post([itemOf(aDocument())])).kind).toBe("created");
  expect(await target.lookup("expense/BX-001/1")).toMatchObject({ reference: "1" });
});
