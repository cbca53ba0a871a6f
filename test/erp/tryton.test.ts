import { afterAll, beforeAll, beforeEach, describe } from "vitest";
import type { Document } from "../../src/model/document.js";
import { missing as missingServers } from "../connectors/sql-servers.js";
import { targetConformance } from "../connectors/target-conformance.js";
import { aLine, aMove, anInvoice, openTryton, type Written } from "./tryton-books.js";
import { documentSuite } from "./tryton-documents.js";
import type { KillPlan } from "./tryton-kills.js";
import { leedsSuite } from "./tryton-leeds.js";
import { newcomerSuite } from "./tryton-newcomer.js";
import { outageSuite } from "./tryton-outages.js";
import { pipelineSuite } from "./tryton-pipelines.js";
import { postgresqlSuite } from "./tryton-postgresql.js";
import { missing, TrytonServer } from "./tryton-server.js";

/** `npm run test:erp` says on which database, and takes its time; every other run takes part of it, on SQLite. */
const { SYNC_TEST_ERP: long, SYNC_TEST_DOCUMENTS: documents, SYNC_TEST_KILLS: kills, SYNC_TEST_SEED: seed } = process.env;
const plan: KillPlan =
  long === undefined
    ? { documents: 40, kills: 8, seed: 20_261_120, batch: 5 }
    : { documents: Number(documents), kills: Number(kills), seed: Number(seed), batch: 20 };

const titled = (title: string, reason: string | null): string => (reason === null ? title : `${title} (${reason})`);

if (long === "postgresql") {
  const reason = missing.postgresql ?? missingServers.postgresql;
  describe.skipIf(reason !== null)(titled("Tryton on PostgreSQL", reason), () => postgresqlSuite(plan));
} else {
  // One Tryton for all of it, because starting it is what takes time.
  describe.skipIf(missing.sqlite !== null)(titled("Tryton", missing.sqlite), () => {
    let erp: TrytonServer;
    beforeAll(async () => {
      erp = await TrytonServer.start();
    }, 1_800_000);
    afterAll(() => erp?.stop());
    beforeEach(() => erp.clear());

    documentSuite(() => erp);
    pipelineSuite(() => erp, long === undefined ? 40 : plan.documents);
    leedsSuite(() => erp, long === undefined ? 52 : 26);
    outageSuite(() => erp, plan);
    newcomerSuite(() => erp);

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
    if (long !== undefined)
      targetConformance(
        "tryton, supplier invoices",
        system({ model: "account.invoice" }, (key) => anInvoice({ key, text: `费用 ${key}` })),
      );
  });
}
