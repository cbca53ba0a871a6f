// Counts tests from vitest's reports. Where the real data lies beside the checkout, a test that was skipped is a failure.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [, , failedSteps, ...files] = process.argv;
const shared = fileURLToPath(new URL("../../shared/real", import.meta.url));
let passed = 0;
let failed = 0;
let skipped = 0;
for (const file of files) {
  if (!existsSync(file)) {
    failed += 1;
    continue;
  }
  const report = JSON.parse(readFileSync(file, "utf8"));
  passed += report.numPassedTests;
  // A file that could not even be loaded has no test that failed, and counts as one.
  const unloaded = report.testResults.filter((each) => each.status === "failed" && !each.assertionResults.some((test) => test.status === "failed"));
  failed += report.numFailedTests + unloaded.length;
  skipped += report.numPendingTests + (report.numTodoTests ?? 0);
}
if (existsSync(shared) && skipped > 0) {
  console.log(`${skipped} tests were skipped although everything they need can be had here`);
  failed += skipped;
}
if (Number(failedSteps) > 0 && failed === 0) failed = Number(failedSteps);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
