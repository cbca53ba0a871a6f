// Counts tests from vitest's report. Where the real data lies beside the checkout, a test that was skipped is a failure.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [, , file, failedSteps] = process.argv;
const shared = fileURLToPath(new URL("../../shared/real", import.meta.url));
let passed = 0;
let failed = 0;
let skipped = 0;
if (file !== undefined && existsSync(file)) {
  const report = JSON.parse(readFileSync(file, "utf8"));
  passed = report.numPassedTests;
  // A file that could not even be loaded has no test that failed, and counts as one.
  const unloaded = report.testResults.filter((file) => file.status === "failed" && !file.assertionResults.some((each) => each.status === "failed"));
  failed = report.numFailedTests + unloaded.length;
  skipped = report.numPendingTests + (report.numTodoTests ?? 0);
} else failed += 1;
if (existsSync(shared) && skipped > 0) {
  console.log(`${skipped} tests were skipped although everything they need can be had here`);
  failed += skipped;
}
if (Number(failedSteps) > 0 && failed === 0) failed = Number(failedSteps);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
