import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Folders whose files take a minute or more. */
const LONG = /\/test\/(rehearsal|kill|feed|erp|real|hesi|sim|examples)\//;

/** Long files first, so that no worker is left alone with one of them at the end. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => LONG.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

/** What starts programs, servers or browsers, or takes long. */
const WITH_PROGRAMS = [
  "test/{real,hesi,kill,feed,nights,rehearsal,erp,report,examples,cli,sim,fuzz,observe}/**/*.test.ts",
  "test/connectors/{files,sql,hesi-sandbox,kingdee-independent,csv-parse,http-network,http-transport}*.test.ts",
];

/** What takes five seconds or more by itself; left to the whole run, so that a check before each commit stays quick. */
const SLOW = [
  "test/connectors/hesi/**/*.test.ts",
  "test/connectors/{xlsx,json,xml,csv,voucher-file-crash,hesi-source,hesi-nights,singer,kingdee-sandbox,kingdee-conformance,packed-files}.test.ts",
  "test/config/read.test.ts",
  "test/expression/properties.test.ts",
  "test/run/{batch,known-again,reconcile,reconcile-ledger}.test.ts",
  "test/store/{audit-processes,audit-page,retention}.test.ts",
];

export default defineConfig({
  test: {
    projects: [
      // Loading the sources once for each of them would take longer than most of their tests; nothing is mocked, so no file changes them for another.
      { extends: true, test: { name: "units", include: ["test/**/*.test.ts"], exclude: [...WITH_PROGRAMS, ...SLOW], isolate: false } },
      { extends: true, test: { name: "slow", include: SLOW, isolate: false } },
      { extends: true, test: { name: "programs", include: WITH_PROGRAMS } },
    ],
    globalSetup: ["test/global-setup.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    // Tests of programs and servers spend much of their time waiting for them.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongFirst },
  },
});
