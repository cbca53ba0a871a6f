import { readFileSync } from "node:fs";
import type { Listener, Told } from "./hub.js";

/** What is counted, with its labels in this order. */
const COUNTED = {
  runs: ["pipeline", "status"],
  documents: ["pipeline", "outcome"],
  records: ["pipeline"],
  calls: ["pipeline", "operation", "outcome"],
  requests: ["pipeline", "host", "status"],
} as const;

export type Counted = keyof typeof COUNTED;

interface Count {
  readonly labels: readonly string[];
  readonly n: number;
}

const MOST_LABELS = 10_000;
const DOCUMENTS = ["posted", "supplemented", "confirmed", "replaced", "reversed", "recovered"] as const;

/**
 * Numbers that only grow, over all commands. The store does not have them, and runs are forgotten one day, so they are kept in a file beside it.
 * When that is lost they begin at nothing again, which Prometheus expects of a counter.
 */
export class Counters {
  private readonly counts = new Map<string, { readonly what: Counted; readonly labels: readonly string[]; n: number }>();

  listener(): Listener {
    return { name: "metrics", hear: (told) => this.hear(told) };
  }

  add(what: Counted, labels: readonly string[], n: number): void {
    if (n <= 0) return;
    const key = JSON.stringify([what, ...labels]);
    const known = this.counts.get(key);
    if (known !== undefined) known.n += n;
    else if (this.counts.size < MOST_LABELS) this.counts.set(key, { what, labels, n });
  }

  /** Adds what a file of `toText` has; what is none counts as nothing. */
  addFrom(path: string): void {
    for (const [what, counts] of Object.entries(readCounts(path))) for (const { labels, n } of counts) this.add(what as Counted, labels, n);
  }

  samples(what: Counted): { readonly labels: Readonly<Record<string, string>>; readonly value: number }[] {
    return this.of(what).map(({ labels, n }) => ({
      labels: Object.fromEntries(COUNTED[what].map((name, index) => [name, labels[index] ?? ""])),
      value: n,
    }));
  }

  toText(): string {
    const kinds = Object.keys(COUNTED) as Counted[];
    return `${JSON.stringify(Object.fromEntries(kinds.map((what) => [what, this.of(what)])), null, 1)}\n`;
  }

  private of(what: Counted): Count[] {
    return [...this.counts.values()]
      .filter((each) => each.what === what)
      .map(({ labels, n }) => ({ labels, n }))
      .sort((a, b) => (a.labels.join("\n") < b.labels.join("\n") ? -1 : 1));
  }

  private hear(told: Told): void {
    const { happening } = told;
    const pipeline = told.pipeline ?? "";
    if (happening.kind === "run ended") {
      this.add("runs", [pipeline, happening.status], 1);
      const { counts } = happening;
      if (counts === null) return;
      for (const outcome of DOCUMENTS) this.add("documents", [pipeline, outcome], counts[outcome]);
      this.add("records", [pipeline], counts.read);
    } else if (happening.kind === "call ended") {
      const begun = told.began?.happening;
      const operation = begun?.kind === "call started" ? begun.operation : "";
      const outcomes = happening.failed === null ? Object.keys(happening.outcomes) : ["failed"];
      // A call has one answer for many documents; it is counted once for each kind of outcome that it brought.
      for (const outcome of outcomes.length === 0 ? ["none"] : outcomes) this.add("calls", [pipeline, operation, outcome], 1);
    } else if (happening.kind === "exchange ended") {
      const begun = told.began?.happening;
      this.add("requests", [pipeline, begun?.kind === "exchange started" ? begun.host : "", String(happening.answer)], 1);
    }
  }
}

function readCounts(path: string): Partial<Record<Counted, Count[]>> {
  try {
    const found = JSON.parse(readFileSync(path, "utf8")) as Partial<Record<string, unknown>>;
    return Object.fromEntries(
      Object.entries(COUNTED).map(([what, names]) => {
        const counts = found[what];
        return [what, Array.isArray(counts) ? (counts as unknown[]).filter((each): each is Count => isCount(each, names.length)) : []];
      }),
    );
  } catch {
    return {};
  }
}

function isCount(each: unknown, labels: number): boolean {
  if (typeof each !== "object" || each === null) return false;
  const { labels: found, n } = each as { labels?: unknown; n?: unknown };
  return Array.isArray(found) && found.length === labels && found.every((label) => typeof label === "string") && Number.isSafeInteger(n);
}
