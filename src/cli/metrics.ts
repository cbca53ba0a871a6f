import { existsSync } from "node:fs";
import type { Project } from "../config/pipeline.js";
import { formatMinor } from "../model/money.js";
import { Counters } from "../observe/counters.js";
import type { Family, Sample } from "../observe/exposition.js";
import { exitOfRun } from "./exit-codes.js";
import type { Money } from "./limbo.js";
import type { RunState, Standing } from "./standing.js";
import type { Standings } from "./standings.js";
import { programVersion } from "./version.js";

interface MetricsRequest extends Pick<Standings, "at" | "store" | "standings" | "problems"> {
  readonly project: Project;
  readonly counters: Counters;
}

const STATES: readonly RunState[] = ["running", "done", "waiting", "in-doubt", "threshold", "failed", "interrupted", "killed"];
const OUTCOMES = ["posted", "supplemented", "confirmed", "replaced", "reversed", "recovered", "kept"] as const;

/** Where the counters are kept. */
export function countersFile({ store }: Project): string {
  return `${store}.counters.json`;
}

/** What is counted already. */
export function knownCounters(project: Project): Counters {
  const counters = new Counters();
  if (existsSync(countersFile(project))) counters.addFrom(countersFile(project));
  return counters;
}

/** Every pipeline of the project and of the store, also those that did not run now. */
export function metricFamilies({ project, store, standings, problems, counters, at: now }: MetricsRequest): Family[] {
  const of = (samplesOf: (standing: Standing) => readonly (readonly [Readonly<Record<string, string>>, number | string])[]): Sample[] =>
    standings.flatMap((standing) =>
      samplesOf(standing).map(([labels, value]) => ({ labels: { pipeline: standing.pipeline, ...labels }, value })),
    );
  const gauge = (name: string, help: string, samples: readonly Sample[]): Family => ({
    name: `sync_${name}`,
    type: "gauge",
    help,
    samples,
  });
  const counter = (name: string, help: string, samples: readonly Sample[]): Family => ({
    name: `sync_${name}`,
    type: "counter",
    help,
    samples,
  });
  const environment = project.environment ?? "";
  return [
    gauge("info", "The program and the project; always 1.", [
      { labels: { project: project.name, environment, version: programVersion() }, value: 1 },
    ]),
    gauge("metrics_timestamp_seconds", "When these metrics were made.", [{ labels: {}, value: seconds(now.toISOString()) }]),
    gauge("config_problems", "What is wrong with the files of the project.", [{ labels: {}, value: problems.length }]),
    gauge(
      "last_run_timestamp_seconds",
      "When the last run ended; when it began, where it never wrote its end.",
      of(({ last }) => (last === null ? [] : [[{}, seconds(last.endedAt ?? last.startedAt)]])),
    ),
    gauge(
      "last_success_timestamp_seconds",
      "When the last run ended that did all it had to do, items that wait apart.",
      of(({ pipeline }) => {
        const done = store === null || !store.pipelineNames().includes(pipeline) ? 0 : store.runs.lastComplete(store.pipelineId(pipeline));
        const endedAt = done === 0 ? null : (store?.runs.get(done)?.endedAt ?? null);
        return endedAt === null ? [] : [[{}, seconds(endedAt)]];
      }),
    ),
    gauge(
      "run_duration_seconds",
      "How long the last run took.",
      of(({ last }) => (last?.endedAt == null ? [] : [[{}, (Date.parse(last.endedAt) - Date.parse(last.startedAt)) / 1000]])),
    ),
    gauge(
      "run_exit_code",
      "The exit code of the last run, as the README lists them; 1 where it was killed.",
      of(({ last }) => (last === null || last.state === "running" ? [] : [[{}, last.result === null ? 1 : exitOfRun(last.result, null)]])),
    ),
    gauge(
      "run_state",
      "How the last run ended: 1 for the state that it is in, 0 for the others.",
      of(({ last }) => (last === null ? [] : STATES.map((state) => [{ state }, last.state === state ? 1 : 0] as const))),
    ),
    gauge(
      "records_read",
      "Records that the last run read.",
      of(({ last }) => (last?.result == null ? [] : [[{}, last.result.counts.read]])),
    ),
    gauge(
      "run_documents",
      "Documents of the last run, by what was done with them.",
      of(({ last }) => {
        const counts = last?.result?.counts;
        return counts === undefined ? [] : OUTCOMES.map((outcome) => [{ outcome }, counts[outcome]] as const);
      }),
    ),
    gauge(
      "postings",
      "Documents that the target holds, as far as the store knows.",
      of(({ posted }) => [[{}, posted]]),
    ),
    gauge(
      "quarantined",
      "Items that wait: for their data or mapping to be mended, or held until something outside changes.",
      of(({ waiting, held }) => [
        [{ status: "waiting" }, waiting],
        [{ status: "held" }, held],
      ]),
    ),
    gauge("quarantined_by_code", "Items that wait, by the code of their problem.", of(byCode)),
    gauge(
      "in_doubt",
      "Documents that were sent and whose answer is unknown.",
      of(({ unconfirmed }) => [[{}, unconfirmed]]),
    ),
    gauge(
      "to_approve",
      "Documents of a plan that waits for approval, or to be applied.",
      of(({ toApprove }) => [[{}, toApprove?.sends ?? 0]]),
    ),
    gauge("limbo_items", "Items whose money is not where it should be.", of(inLimbo((money) => [[{}, money.items]]))),
    gauge(
      "limbo_items_without_amount",
      "Of these, items whose amount is not in sync_limbo_amount, because it is not known or was not added up.",
      of(inLimbo((money) => [[{}, money.unknown + money.unbuilt]])),
    ),
    gauge(
      "limbo_amount",
      "Money that is not where it should be, in the currency's main unit: sent without an answer, on the list, or read and not sent.",
      of(
        inLimbo((money) =>
          money.byCurrency().map(({ currency, amountMinor }) => [{ currency }, formatMinor(amountMinor, currency)] as const),
        ),
      ),
    ),
    gauge(
      "watermark_lag_seconds",
      "How old the newest is that was taken from the source; of the last reading, where nothing was taken.",
      of(({ lag }) => (lag.ms === null ? [] : [[{}, lag.ms / 1000]])),
    ),
    gauge(
      "next_run_timestamp_seconds",
      "When the next run is due, by the schedule.",
      of(({ coming: due }) => (due?.next == null ? [] : [[{}, due.next.getTime() / 1000]])),
    ),
    gauge(
      "run_overdue_seconds",
      "How long ago a run should have begun that was not made; 0 where none is missing.",
      of(({ coming: due }) => (due === null ? [] : [[{}, due.dueSince === null ? 0 : (now.getTime() - due.dueSince.getTime()) / 1000]])),
    ),
    gauge(
      "run_active",
      "1 while a run holds the pipeline.",
      of(({ runningNow }) => [[{}, runningNow === null ? 0 : 1]]),
    ),
    counter("runs_total", "Runs, by how they ended.", counters.samples("runs")),
    counter("documents_total", "Documents, by what was done with them.", counters.samples("documents")),
    counter("records_total", "Records read.", counters.samples("records")),
    counter("target_calls_total", "Calls of targets, once for each kind of outcome that they brought.", counters.samples("calls")),
    counter(
      "http_requests_total",
      "Requests over HTTP, by host and status; also those that were not sent or had no answer.",
      counters.samples("requests"),
    ),
  ];
}

function byCode({ causes }: Standing): readonly (readonly [Readonly<Record<string, string>>, number])[] {
  const counts = new Map<string, number>();
  for (const { code, items } of causes) counts.set(code, (counts.get(code) ?? 0) + items.length);
  return [...counts].sort().map(([code, n]) => [{ code }, n] as const);
}

type Labelled = readonly [Readonly<Record<string, string>>, number | string];

function inLimbo(samplesOf: (money: Money) => readonly Labelled[]): (standing: Standing) => readonly Labelled[] {
  return ({ limbo }) => {
    if (limbo === null) return [];
    const kinds = [
      ["in doubt", limbo.inDoubt],
      ["waiting", limbo.waiting],
      ["unsent", limbo.unsent],
    ] as const;
    return kinds.flatMap(([kind, money]) => samplesOf(money).map(([labels, value]) => [{ ...labels, kind }, value] as const));
  };
}

function seconds(at: string): number {
  return Date.parse(at) / 1000;
}
