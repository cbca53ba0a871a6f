import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

/**
 * The long form of the tests against a real Tryton: `npm run test:erp -- [--postgres] [--documents 400] [--kills 50] [--seed N]`. With `--postgres`
 * those with four writers, against a Tryton on PostgreSQL. Exits as the tests do.
 */
const { values } = parseArgs({
  options: {
    postgres: { type: "boolean", default: false },
    documents: { type: "string", default: "400" },
    kills: { type: "string", default: "50" },
    seed: { type: "string", default: "20261120" },
  },
});
const env = {
  ...process.env,
  SYNC_TEST_ERP: values.postgres ? "postgresql" : "sqlite",
  SYNC_TEST_DOCUMENTS: values.documents,
  SYNC_TEST_KILLS: values.kills,
  SYNC_TEST_SEED: values.seed,
};
const { status } = spawnSync("vitest", ["run", "test/erp/tryton.test.ts"], { stdio: "inherit", env });
process.exitCode = status ?? 1;
