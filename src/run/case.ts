import { dirname } from "node:path";
import type { CameOut, Case, Night } from "../config/case.js";
import type { Pipeline } from "../config/pipeline.js";
import type { Source, SourceDefinition, SourceEvent, TargetDefinition } from "../connectors/contract.js";
import { CHANGE_KINDS, type ChangeKind } from "../model/plan.js";
import { dispositionOf } from "../model/problem.js";
import { displayKey } from "../model/record.js";
import { Store } from "../store/store.js";
import { CaseTarget } from "./case-target.js";
import type { Effects } from "./effects.js";
import { type RunOutcome, runPipeline } from "./pipeline.js";

const DAY_MS = 86_400_000;

/**
 * Runs a case through the code of a real run, with a store and a target in memory and the rows of the case instead of its
 * source. One outcome per night.
 */
export async function runCase(pipeline: Pipeline, test: Case, timeZone: string): Promise<readonly CameOut[]> {
  // The nights of a case are the same whenever it runs.
  let now = new Date("2026-01-01T00:00:00.000Z");
  const store = Store.inMemory({ now: () => now, actor: ACTOR });
  try {
    const target = new CaseTarget({ drafts: pipeline.target.changed === "update draft", closedThrough: test.closedThrough });
    const pipelineId = store.pipelineId(pipeline.name);
    const outcomes: CameOut[] = [];
    for (const [index, night] of test.nights.entries()) {
      const standIn = withStandIns(pipeline, night, index, target);
      const run = (kind: "plan" | "run"): Promise<RunOutcome> =>
        runPipeline({
          pipeline: standIn,
          store,
          effects: effectsAt(() => now),
          timeZone,
          folder: dirname(pipeline.file),
          kind,
          full: false,
          only: null,
        });
      const before = target.live().map(({ key }) => key);
      const planned = await run("plan");
      const stopped = planned.result.problems.filter(({ code }) => dispositionOf(code) === "stop");
      const changes = changesOf(planned);
      if (stopped.length === 0) await run("run");
      const items = store.quarantine.list(pipelineId);
      const waits = new Set(items.flatMap((item) => [item.key, item.documentKey]));
      // What nothing was done with was not even looked at.
      if (stopped.length === 0) for (const key of before) if (!changes.has(key) && !waits.has(key)) changes.set(key, ["keep"]);
      outcomes.push({
        documents: target.live(),
        plan: new Map([...changes].map(([key, kinds]) => [displayKey(key), kinds])),
        waiting: items.map((item) => ({ key: displayKey(item.key), problem: item.problem })),
        stopped,
      });
      now = new Date(now.getTime() + DAY_MS);
    }
    return outcomes;
  } finally {
    store.close();
  }
}

function changesOf({ planned }: RunOutcome): Map<string, ChangeKind[]> {
  const changes = new Map<string, ChangeKind[]>();
  if (planned === null) return changes;
  for (const batch of planned.changes.inOrder(CHANGE_KINDS, 100))
    for (const { change } of batch) changes.set(change.key, [...(changes.get(change.key) ?? []), change.kind]);
  return changes;
}

/** The pipeline with the rows of one night and the books of the case; everything between them is its own. */
function withStandIns(pipeline: Pipeline, night: Night, index: number, target: CaseTarget): Pipeline {
  const { source, target: settings } = pipeline;
  const reads: SourceDefinition = { ...(source.connector.source as SourceDefinition), open: () => sourceOf(night, index) };
  const posts: TargetDefinition = { ...(settings.connector.target as TargetDefinition), open: () => target };
  return {
    ...pipeline,
    source: { ...source, connector: { ...source.connector, source: reads } },
    target: { ...settings, connector: { ...settings.connector, target: posts } },
    // A share of a handful of rows means nothing.
    stopWhen: null,
  };
}

function sourceOf({ unit, records }: Night, index: number): Source {
  return {
    async *read(): AsyncGenerator<SourceEvent> {
      yield { kind: "records", unit, records, malformed: [] };
      yield { kind: "complete", unit, fingerprint: `night ${index + 1}` };
    },
  };
}

const ACTOR = "sync test";

function effectsAt(now: () => Date): Effects {
  let words = 0;
  return {
    now,
    sleep: async () => undefined,
    every: () => () => undefined,
    signal: new AbortController().signal,
    actor: ACTOR,
    host: "localhost",
    pid: process.pid,
    isAlive: () => true,
    random: () => 0.5,
    randomWord: () => {
      words += 1;
      return `case ${words}`;
    },
    program: "sync test",
    onProgress: () => undefined,
  };
}
