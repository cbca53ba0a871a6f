// Loaded with --import into a measured process: writes its peak memory (KiB) to the file named in BENCH_PEAK when it ends.
import { writeFileSync } from "node:fs";

process.on("exit", () => {
  const file = process.env.BENCH_PEAK;
  if (file !== undefined) writeFileSync(file, String(process.resourceUsage().maxRSS));
});
