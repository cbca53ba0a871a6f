// Loaded with --import into a measured process: writes its peak memory (KiB) and its processor time (microseconds, user and system, all
// threads) to the file named in BENCH_PEAK when it ends.
import { writeFileSync } from "node:fs";

process.on("exit", () => {
  const file = process.env.BENCH_PEAK;
  if (file === undefined) return;
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  writeFileSync(file, JSON.stringify({ peak: maxRSS, processor: userCPUTime + systemCPUTime }));
});
