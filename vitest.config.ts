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

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/global-setup.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    // Loading the sources once for each file would take longer than most tests of it; nothing is mocked, so files cannot change them for each other.
    isolate: false,
    maxWorkers: "100%",
    sequence: { sequencer: LongFirst },
  },
});
