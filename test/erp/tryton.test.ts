import { afterAll, beforeAll, beforeEach, describe } from "vitest";
import type { Document } from "../../src/model/document.js";
import { targetConformance } from "../connectors/target-conformance.js";
import { aLine, aMove, anInvoice, openTryton, type Written } from "./tryton-books.js";
import { documentSuite } from "./tryton-documents.js";
import { pipelineSuite } from "./tryton-pipelines.js";
import { missing, TrytonServer } from "./tryton-server.js";

/** `npm run test:erp` takes its time; every other run takes part of it. */
const isLong = process.env["SYNC_TEST_LONG"] === "1";

// One Tryton for all of it, because starting it is what takes time.
describe.skipIf(missing !== null)(`Tryton${missing === null ? "" : ` (${missing})`}`, () => {
  let erp: TrytonServer;
  beforeAll(async () => {
    erp = await TrytonServer.start();
  }, 300_000);
  afterAll(() => erp?.stop());
  beforeEach(() => erp.clear());

  documentSuite(() => erp);
  pipelineSuite(() => erp, isLong ? 400 : 40);

  // Only an administrator may delete drafts there.
  const system = (options: Written, document: (key: string) => Document) => () => ({
    open: () => openTryton(erp, options, { user: "admin" }),
    document,
    refused: (key: string) => ({ ...document(key), lines: [aLine({ account: "6699" }), ...document(key).lines.slice(1)] }),
    balances: () => erp.balances(),
    dispose: () => erp.clear(),
  });
  targetConformance(
    "tryton, moves",
    system({}, (key) => aMove({ key, text: `报销 ${key}` })),
  );
  if (isLong)
    targetConformance(
      "tryton, supplier invoices",
      system({ model: "account.invoice" }, (key) => anInvoice({ key, text: `费用 ${key}` })),
    );
});
