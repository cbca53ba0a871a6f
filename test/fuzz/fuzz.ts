import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Random } from "../../fixtures/hesi/random.js";
import type { SourceEvent } from "../../src/connectors/contract.js";
import { PROBLEM_CODES } from "../../src/model/problem-codes.js";
import { KINDS, type Kind } from "./inputs.js";

export interface FuzzFinding {
  readonly seed: number;
  readonly kind: string;
  readonly what: string;
}

export interface FuzzFigures {
  readonly cases: number;
  /** How files ended, such as `complete` or `abandoned SOURCE_FORMAT`: a fuzzer that only ever sees one of them sees nothing. */
  readonly endings: ReadonlyMap<string, number>;
  readonly malformed: number;
  readonly findings: readonly FuzzFinding[];
  /** The most memory at any time, in bytes. */
  readonly memory: number;
}

/** A single case may take this long before it counts as hanging, in milliseconds; most take two. */
const PATIENCE_MS = 60_000;

/** Reads `count` broken files, the first from `seed`. Whatever is in a file, the source must answer, and by the rules. */
export async function fuzz(seed: number, count: number, onProgress: (done: number) => void = () => undefined): Promise<FuzzFigures> {
  const folder = mkdtempSync(path.join(tmpdir(), "fuzz-"));
  const endings = new Map<string, number>();
  const findings: FuzzFinding[] = [];
  let malformed = 0;
  let memory = 0;
  try {
    for (let index = 0; index < count; index += 1) {
      const random = new Random(seed + index);
      const kind = random.pick(KINDS);
      const report = (what: string): void => void findings.push({ seed: seed + index, kind: kind.name, what });
      const events = await within(readCase(kind, folder, random)).catch((error: unknown) => {
        report(error instanceof Error ? (error.stack ?? error.message) : String(error));
        return [];
      });
      for (const fault of faultsIn(events, kind)) report(fault);
      for (const event of events) {
        if (event.kind === "records") malformed += event.malformed.length;
        const ending = event.kind === "abandoned" || event.kind === "notice" ? `${event.kind} ${event.problem.code}` : event.kind;
        endings.set(ending, (endings.get(ending) ?? 0) + 1);
      }
      memory = Math.max(memory, process.memoryUsage().rss);
      onProgress(index + 1);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { cases: count, endings, malformed, findings, memory };
}

async function readCase(kind: Kind, folder: string, random: Random): Promise<SourceEvent[]> {
  const content = kind.broken(kind.seeds, random);
  const file = path.join(folder, kind.file);
  writeFileSync(file, content);
  utimesSync(file, 0, 0);
  const options = random.pick(kind.options);
  const columns = kind.columns.map((name, index) => ({ name, aliases: [], required: index === 0 }));
  const events: SourceEvent[] = [];
  const source = kind.open(folder, { files: kind.file, ...options });
  for await (const event of source.read({ columns, since: null, wasRead: () => false })) events.push(event);
  return events;
}

/** What the contract promises of every file, broken or not. */
function faultsIn(events: readonly SourceEvent[], kind: Kind): string[] {
  const faults: string[] = [];
  const ended = new Set<string>();
  let open: string | null = null;
  let last = 0;
  for (const event of events) {
    if (event.kind === "notice" || event.kind === "abandoned") {
      const { code, message, at } = event.problem;
      if (!(code in PROBLEM_CODES)) faults.push(`unknown code ${code}`);
      if (message === "" || message.length > 20_000 || at.length === 0) faults.push(`a poor message: ${message.slice(0, 200)}`);
      if (/bug:|undefined(?! entity)|\[object/.test(message)) faults.push(`a message that is no sentence: ${message}`);
    }
    if (event.kind === "notice") continue;
    if (ended.has(event.unit)) faults.push(`\`${event.unit}\` goes on after its end`);
    if (open !== null && open !== event.unit) faults.push(`\`${open}\` has no end`);
    if (event.kind !== "records") {
      ended.add(event.unit);
      open = null;
      last = 0;
      continue;
    }
    open = event.unit;
    const lines = [...event.records, ...event.malformed].map(({ line }) => line).sort((left, right) => left - right);
    for (const line of lines) {
      if (!(line > last)) faults.push(`\`${event.unit}\` has line ${line} after ${last}`);
      last = line;
    }
    for (const { cells } of event.records) {
      if (cells.length !== kind.columns.length) faults.push(`a record has ${cells.length} cells`);
      if (cells.some((cell) => cell === "" || cell === undefined)) faults.push("a cell is empty text");
    }
    for (const { text, problem } of event.malformed) {
      if (text.length > 4000) faults.push("the text of a malformed record is too long");
      if (problem.code !== "RECORD_MALFORMED") faults.push(`a malformed record has code ${problem.code}`);
    }
  }
  if (open !== null) faults.push(`\`${open}\` has no end`);
  if (events.length === 0) faults.push("nothing is said about the file");
  return faults;
}

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it hangs: no end after ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  return Promise.race([work, patience]).finally(() => clearTimeout(timer));
}
