import type { AuditDetails } from "../../model/audit.js";
import { nearestName } from "../../model/nearest.js";
import { ProblemError, problem } from "../../model/problem.js";
import { displayKey } from "../../model/record.js";
import { takeLease } from "../../run/lease.js";
import type { QuarantineItem } from "../../store/quarantine.js";
import type { Store } from "../../store/store.js";
import { liveEffects } from "../effects.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { clean } from "../render/clean.js";
import { problemToJson, renderProblem } from "../render/problem.js";
import { count } from "../render/progress.js";
import { pointer } from "../render/report-problems.js";
import { renderTable } from "../render/table.js";
import { choosePipeline, openProject, openStore, pipelineInStore, withStore } from "../session.js";
import { runOne } from "./run.js";

interface QuarantineOptions extends CommonOptions {
  readonly pipeline?: string;
  readonly dropped?: boolean;
  readonly by?: "cause";
  readonly all?: boolean;
  readonly reason?: string;
}

type PipelineInStore = ReturnType<typeof pipelineInStore>;

function chosenPipelines(store: Store, name: string | undefined): PipelineInStore[] {
  return name === undefined ? store.pipelineNames().map((each) => pipelineInStore(store, each)) : [pipelineInStore(store, name)];
}

export async function list(context: CommandContext, options: QuarantineOptions): Promise<number> {
  const { io } = context;
  return withStore(context, options, (store) => {
    const found = chosenPipelines(store, options.pipeline).flatMap(({ id, name }) =>
      (options.dropped === true ? store.quarantine.dropped(id) : store.quarantine.list(id)).map((item) => ({ pipeline: name, item })),
    );
    if (options.json === true) {
      printJson(
        io,
        found.map(({ pipeline, item }) => itemToJson(pipeline, item)),
      );
      return EXIT.done;
    }
    if (found.length === 0) {
      io.out(options.dropped === true ? "nothing was dropped\n" : "nothing waits\n");
      return EXIT.done;
    }
    if (options.by === "cause") {
      const causes = new Map<string, { n: number; example: string }>();
      for (const { item } of found) {
        const known = causes.get(item.problem.code);
        causes.set(item.problem.code, { n: (known?.n ?? 0) + 1, example: known?.example ?? item.problem.message });
      }
      const rows = [...causes].sort(([, a], [, b]) => b.n - a.n).map(([code, { n, example }]) => [code, count(n), example]);
      io.out(renderTable([{ title: "cause" }, { title: "items", align: "right" }, { title: "for example" }], rows));
      return EXIT.done;
    }
    const rows = found.map(({ item }) => [
      displayKey(item.key),
      item.kind,
      item.status,
      item.problem.code,
      item.reason ?? item.problem.message,
    ]);
    io.out(
      renderTable(
        [
          { title: "key" },
          { title: "kind" },
          { title: "status" },
          { title: "cause" },
          { title: options.dropped === true ? "reason" : "what is wrong" },
        ],
        rows,
      ),
    );
    io.out(`\n${count(found.length)} ${found.length === 1 ? "item" : "items"}; everything about one: sync quarantine show KEY\n`);
    return EXIT.done;
  });
}

export async function show(context: CommandContext, options: QuarantineOptions, key: string | undefined): Promise<number> {
  const { io } = context;
  return withStore(context, options, (store) => {
    const found = chosenPipelines(store, options.pipeline).flatMap((pipeline) =>
      withRecords(store, pipeline, itemsOf(store, pipeline, key ?? "")).map((item) => ({ pipeline: pipeline.name, item })),
    );
    if (found.length === 0) throw notThere(store, options.pipeline, key ?? "");
    if (options.json === true) {
      printJson(
        io,
        found.map(({ pipeline, item }) => itemToJson(pipeline, item)),
      );
      return EXIT.done;
    }
    for (const { pipeline, item } of found) {
      io.out(
        `${item.kind} ${clean(displayKey(item.key))} of ${pipeline}: ${item.status}, since ${item.firstAt}, tried ${item.tries} ${item.tries === 1 ? "time" : "times"}\n`,
      );
      if (item.documentKey !== null && item.kind === "record") io.out(`  blocks document ${clean(displayKey(item.documentKey))}\n`);
      if (item.reason !== null) io.out(`  dropped: ${clean(item.reason)}\n`);
      io.out(`\n${renderProblem(item.problem, { color: options.color !== false && io.outIsTerminal })}\n`);
      if (item.raw !== null) io.out(`\n${renderRaw(item.raw)}`);
    }
    const causes = found.map(({ item }) => item.problem);
    io.out(`\n${pointer(causes, "en")}`);
    return EXIT.done;
  });
}

/** Tries the chosen items again at once, from what the store holds; the source is not read. */
export async function retry(
  context: CommandContext,
  options: QuarantineOptions,
  keys: readonly string[] | undefined | string,
): Promise<number> {
  const wanted = Array.isArray(keys) ? (keys as string[]) : [];
  if (wanted.length === 0 && options.all !== true)
    throw new ProblemError(problem("USAGE", "nothing to retry was named", [], "name keys, or use `--all`"));
  const project = await openProject(context, options);
  const store = openStore(context, project, false);
  try {
    const inStore = pipelineInStore(store, options.pipeline);
    const items = options.all === true ? store.quarantine.list(inStore.id) : wanted.flatMap((key) => itemsOrThrow(store, inStore, key));
    const only = new Set<string>();
    store.transaction(() => {
      for (const item of items) {
        store.audit.append({
          ...decision(context, inStore, item),
          event: "retry requested",
          detail: { ...about(item), status: item.status },
        });
        const documentKey = item.kind === "document" ? item.key : item.documentKey;
        if (item.status === "dropped") store.quarantine.reopen(item.id);
        if (documentKey === null) continue;
        only.add(documentKey);
        const documentId = store.records.documentId(inStore.id, documentKey);
        if (documentId !== null) store.records.touch(documentId);
      }
    });
    const pipeline = await choosePipeline(project, inStore.name);
    return await runOne(context, options, project, store, pipeline, { kind: "retry", only: options.all === true ? null : only });
  } finally {
    store.close();
  }
}

/**
 * Takes an item off the list for good, with a reason. A document comes back when its records change. Not while a run is at
 * work, which may be about to post it.
 */
export async function drop(context: CommandContext, options: QuarantineOptions, key: string | undefined): Promise<number> {
  const live = liveEffects(context, () => undefined);
  try {
    return await withStore(context, options, (store) => {
      const reason = options.reason?.trim() ?? "";
      if (reason === "") throw new ProblemError(problem("USAGE", "the reason is empty", [], 'say why: `--reason "…"`'));
      const pipeline = pipelineInStore(store, options.pipeline);
      const items = itemsOrThrow(store, pipeline, key ?? "");
      const lease = takeLease(store, pipeline.name, live.effects);
      try {
        const told = lease.write(() => items.flatMap((item) => dropItem(context, store, pipeline, item, reason)));
        for (const line of told) context.io.out(`${line}\n`);
      } finally {
        lease.release();
      }
      return EXIT.done;
    });
  } finally {
    live.dispose();
  }
}

/** Returns what a person should know of it. */
function dropItem(context: CommandContext, store: Store, pipeline: PipelineInStore, item: QuarantineItem, reason: string): string[] {
  const name = displayKey(item.key);
  if (item.problem.code === "TARGET_UNCONFIRMED") {
    const message = `\`${name}\` was sent and its answer is unknown, so it cannot be dropped`;
    throw new ProblemError(problem("USAGE", message, [], "run again: it is looked up first"));
  }
  store.quarantine.drop(item.id, reason);
  store.audit.append({ ...decision(context, pipeline, item), event: "item dropped", detail: { ...about(item), reason } });
  const told = [`dropped ${item.kind} ${name}: ${reason}`];
  if (item.kind === "record") {
    store.records.removeBad(pipeline.id, item.key);
    return told;
  }
  const documentId = store.records.documentId(pipeline.id, item.key);
  if (documentId === null) return told;
  store.records.settle(documentId);
  const posted = store.postings.current(documentId, item.key);
  if (posted === null) store.uniqueValues.release(documentId);
  else if (posted.step !== null) told.push(`its draft ${posted.reference} stays in the target; delete it there if it is not wanted`);
  return told;
}

/** Who decided, when, and about which document: the part of an audit row that every decision has. */
function decision(context: CommandContext, pipeline: PipelineInStore, item: QuarantineItem) {
  const subject = item.kind === "document" ? item.key : (item.documentKey ?? item.key);
  return { at: context.now().toISOString(), actor: context.actor, pipeline: pipeline.name, run: null, subject };
}

function about(item: QuarantineItem): Omit<AuditDetails["retry requested"], "status"> {
  return { item: item.kind, key: item.key, cause: item.problem.code };
}

function itemsOf(store: Store, pipeline: PipelineInStore, key: string): QuarantineItem[] {
  const exact = store.quarantine.find(pipeline.id, key);
  if (exact.length > 0) return exact;
  // Keys of several parts are shown as `a / b`, and people copy what they see.
  const all = [...store.quarantine.list(pipeline.id), ...store.quarantine.records(pipeline.id), ...store.quarantine.dropped(pipeline.id)];
  const ids = new Set<number>();
  return all.filter((item) => displayKey(item.key) === key && !ids.has(item.id) && ids.add(item.id));
}

/** A document together with the records that keep it waiting. */
function withRecords(store: Store, pipeline: PipelineInStore, items: readonly QuarantineItem[]): QuarantineItem[] {
  return items.flatMap((item) => {
    const documentId = item.kind === "document" ? store.records.documentId(pipeline.id, item.key) : null;
    return documentId === null ? [item] : [item, ...store.quarantine.recordsOf(documentId)];
  });
}

function itemsOrThrow(store: Store, pipeline: PipelineInStore, key: string): QuarantineItem[] {
  const items = itemsOf(store, pipeline, key);
  if (items.length === 0) throw notThere(store, pipeline.name, key);
  return items;
}

function notThere(store: Store, pipeline: string | undefined, key: string): ProblemError {
  const keys = chosenPipelines(store, pipeline).flatMap(({ id }) => store.quarantine.list(id).map((item) => displayKey(item.key)));
  const near = nearestName(key, keys);
  return new ProblemError(
    problem(
      "NOT_FOUND",
      `\`${key}\` is not in quarantine`,
      [],
      near === null ? "`sync quarantine list` shows what is" : `did you mean \`${near}\`?`,
    ),
  );
}

function itemToJson(pipeline: string, item: QuarantineItem): unknown {
  const { problem: cause, raw, key, documentKey, ...rest } = item;
  return {
    pipeline,
    ...rest,
    key: displayKey(key),
    document: documentKey === null ? null : displayKey(documentKey),
    code: cause.code,
    problem: problemToJson(cause),
    raw: raw?.startsWith("{") === true ? JSON.parse(raw) : raw,
  };
}

function renderRaw(raw: string): string {
  if (!raw.startsWith("{")) return `  as it came: ${clean(raw)}\n`;
  const cells = Object.entries(JSON.parse(raw) as Record<string, unknown>);
  return renderTable(
    [{ title: "  field" }, { title: "as it came" }],
    cells.map(([name, value]) => [`  ${name}`, value === null ? "(empty)" : String(value)]),
  );
}
