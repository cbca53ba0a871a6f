import { parseArgs } from "node:util";
import { fuzz } from "./fuzz.js";

// npm run fuzz -- --cases 100000 --seed 1
// npm run fuzz -- --seed 4711 --cases 1       one case again
const { values } = parseArgs({ options: { cases: { type: "string", default: "100000" }, seed: { type: "string", default: "1" } } });
const [seed, cases] = [Number(values.seed), Number(values.cases)];
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(cases) || cases < 1) throw new Error("--cases and --seed are whole numbers");

const { endings, malformed, findings, memory } = await fuzz(seed, cases, (done) => {
  if (done % 5000 === 0) process.stderr.write(`${done} of ${cases}\n`);
});
for (const [ending, count] of [...endings].sort(([left], [right]) => (left < right ? -1 : 1)))
  console.log(`${String(count).padStart(8)} ${ending}`);
console.log(`${String(malformed).padStart(8)} malformed records`);
console.log(`${cases} broken files from seed ${seed}, at most ${Math.ceil(memory / 2 ** 20)} MB of memory, ${findings.length} findings`);
for (const finding of findings.slice(0, 10)) console.error(`seed ${finding.seed} (${finding.kind}): ${finding.what}`);
if (findings.length > 0) process.exitCode = 1;
