import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { HistoryResult, Plant } from "./history.js";
import { PLANTS } from "./plants.js";
import { historyText, search } from "./search.js";

// npm run sim -- --histories 20000 --seed 1 --jobs 2
// npm run sim -- --seed 4711                           one history, told whole
// npm run sim -- --histories 3000 --seed 1 --prune     everything that retention may let go goes after every run
// npm run sim -- --histories 2000 --plant lease        with a fault planted in the engine
const { values } = parseArgs({
  options: {
    histories: { type: "string" },
    seed: { type: "string" },
    jobs: { type: "string", default: String(availableParallelism()) },
    plant: { type: "string" },
    prune: { type: "boolean", default: false },
    worker: { type: "boolean", default: false },
  },
});

/** What a worker tells: how far it is, or at the end what it found. */
type News =
  | { readonly done: number; readonly runs: number; readonly broken: number }
  | { readonly failed: readonly HistoryResult[]; readonly histories: number; readonly runs: number };

const MOST_SHOWN = 3;
const NEWS_EVERY = 50;
const seed = whole("seed", values.seed ?? "1");
const histories = whole("histories", values.histories ?? (values.seed === undefined ? "2000" : "1"));
const plant = plantNamed(values.plant);

if (values.worker) await work();
else if (histories === 1) process.exitCode = await tellOne();
else process.exitCode = await tellMany(Math.max(1, Math.min(whole("jobs", values.jobs), histories)));

async function work(): Promise<void> {
  let runs = 0;
  let known = 0;
  const found = await search(seed, histories, {
    plant,
    prunes: values.prune,
    stopAtFirst: plant !== null,
    onProgress: (done, more, broken) => {
      runs += more;
      // Whoever waits for a million wants to know now.
      if (broken > known && plant === null) process.stderr.write(`seed ${seed + done - 1} is broken\n`);
      known = broken;
      if (done % NEWS_EVERY !== 0) return;
      process.send?.({ done: NEWS_EVERY, runs, broken } satisfies News);
      runs = 0;
    },
  });
  // Only the first few are told whole; a million broken histories would fill the memory.
  const failed = found.failed.map((each, index) => (index < MOST_SHOWN ? each : { ...each, story: [] }));
  process.send?.({ failed, histories: found.histories, runs: found.runs } satisfies News);
}

async function tellOne(): Promise<number> {
  const { Place } = await import("./place.js");
  const { runHistory } = await import("./history.js");
  const place = new Place();
  const result = await runHistory(seed, place, plant, values.prune);
  place.dispose();
  process.stdout.write(result.violations.length > 0 ? historyText(result) : `${result.story.join("\n")}\nseed ${seed}: 0 violations\n`);
  return result.violations.length > 0 ? 1 : 0;
}

async function tellMany(jobs: number): Promise<number> {
  const from = performance.now();
  const share = Math.ceil(histories / jobs);
  const counts = { done: 0, runs: 0 };
  /** By worker, so that a line on the way says what was found until then. */
  const broken: number[] = [];
  const failed: HistoryResult[] = [];
  let told = 0;
  const line = (): string => {
    const seconds = (performance.now() - from) / 1_000;
    return `${counts.done} of ${histories} histories, ${(counts.done / seconds).toFixed(0)}/s, ${broken.reduce((sum, each) => sum + each, 0)} violations`;
  };
  const workers: Promise<void>[] = [];
  for (let job = 0; job < jobs; job += 1) {
    const own = Math.min(share, histories - job * share);
    if (own <= 0) break;
    const args = [
      "--worker",
      "--seed",
      String(seed + job * share),
      "--histories",
      String(own),
      ...(plant === null ? [] : ["--plant", plant.name]),
      ...(values.prune ? ["--prune"] : []),
    ];
    const child = fork(fileURLToPath(import.meta.url), args);
    let ended: Extract<News, { failed: unknown }> | null = null;
    child.on("message", (news: News) => {
      if ("failed" in news) {
        ended = news;
        failed.push(...news.failed);
        counts.runs += news.runs;
        return;
      }
      counts.done += news.done;
      broken[job] = news.broken;
      if (performance.now() - told < 5_000) return;
      told = performance.now();
      process.stderr.write(`${line()}\n`);
    });
    workers.push(
      exitOf(child).then((code) => {
        if (code !== 0 || ended === null) throw new Error(`a worker ended with ${code}, from seed ${seed + job * share}`);
        counts.done += ended.histories % NEWS_EVERY;
      }),
    );
  }
  await Promise.all(workers);
  failed.sort((a, b) => a.seed - b.seed);
  for (const each of failed.filter(({ story }) => story.length > 0).slice(0, MOST_SHOWN)) process.stdout.write(`${historyText(each)}\n`);
  if (failed.length > 0)
    process.stdout.write(
      `broken seeds: ${failed
        .slice(0, 100)
        .map((each) => each.seed)
        .join(" ")}\n`,
    );
  const seconds = (performance.now() - from) / 1_000;
  const speed = `${counts.runs} runs in ${seconds.toFixed(1)} s, ${(counts.done / seconds).toFixed(0)} histories/s`;
  process.stdout.write(`${counts.done} histories, ${failed.length} violations (${speed})\n`);
  return failed.length > 0 ? 1 : 0;
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.on("exit", resolve));
}

function plantNamed(name: string | undefined): Plant | null {
  if (name === undefined) return null;
  const found = PLANTS.find((each) => each.name.includes(name));
  if (found === undefined)
    throw new Error(`no planted fault is called \`${name}\`; there are: ${PLANTS.map((each) => each.name).join("; ")}`);
  return found;
}

function whole(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} is \`${text}\`, expected a whole number`);
  return Number(text);
}
