import type { AuditDetails } from "../../model/audit.js";
import { groupByCause } from "../../model/cause.js";
import { ProblemError, problem } from "../../model/problem.js";
import { displayKey } from "../../model/record.js";
import type { QuarantineItem } from "../../store/quarantine.js";
import type { Store } from "../../store/store.js";
import { decide } from "../decision.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, type LogOptions, printJson } from "../io.js";
import { Money, Valuer } from "../limbo.js";
import { causedItems, itemsOrThrow, type PipelineInStore } from "../listed.js";
import { Observing } from "../observing.js";
import { causesToJson, itemsText, moneyText, renderCauses, valued } from "../render/causes.js";
import { allPipelines, choosePipeline, openProject, openStore, pipelineInStore } from "../session.js";
import { runOne } from "./run.js";

interface DecisionOptions extends LogOptions {
  readonly pipeline?: string;
  readonly all?: boolean;
  readonly cause?: string;
  readonly about?: string;
  readonly reason?: string;
  readonly yes?: boolean;
}

/** Which items a decision is about: those named, or all that wait for something. */
type Choice = { readonly kind: "named"; readonly keys: readonly string[] } | { readonly kind: "bulk" };

function choiceOf({ all, cause, about }: DecisionOptions, given: unknown, verb: string): Choice {
  const keys = Array.isArray(given) ? (given as string[]) : [];
  const isBulk = all === true || cause !== undefined || about !== undefined;
  if (isBulk && keys.length > 0)
    throw new ProblemError(problem("USAGE", "keys and `--all`, `--cause` or `--about` exclude each other", [], "leave one of them out"));
  if (all === true && (cause !== undefined || about !== undefined))
    throw new ProblemError(problem("USAGE", "`--all` and a cause exclude each other", [], "leave one of them out"));
  if (isBulk) return { kind: "bulk" };
  if (keys.length > 0) return { kind: "named", keys };
  throw new ProblemError(problem("USAGE", `nothing to ${verb} was named`, [], "name keys, or use `--cause CODE` or `--all`"));
}

function chosenItems(store: Store, pipeline: PipelineInStore, choice: Choice, options: DecisionOptions): QuarantineItem[] {
  if (choice.kind === "named") return choice.keys.flatMap((key) => itemsOrThrow(store, pipeline, key));
  const { cause, about } = options;
  return causedItems(store, pipeline, { ...(cause === undefined ? {} : { cause }), ...(about === undefined ? {} : { about }) });
}

/** Tries the chosen items again at once, from what the store holds; the source is not read. */
export async function retry(context: CommandContext, options: DecisionOptions, given: unknown): Promise<number> {
  const choice = choiceOf(options, given, "retry");
  const observing = new Observing(context, options);
  return observing.around(() => retryChosen(context, options, choice, observing));
}

async function retryChosen(context: CommandContext, options: DecisionOptions, choice: Choice, observing: Observing): Promise<number> {
  const project = await openProject(context, options);
  await observing.use(project);
  const store = openStore(context, project, false);
  try {
    const inStore = pipelineInStore(store, options.pipeline);
    const pipeline = await choosePipeline(project, inStore.name);
    const isAll = options.all === true;
    // Where nothing waits, `--all` still tries what a run that was stopped has left.
    const items = isAll ? store.quarantine.list(inStore.id) : chosenItems(store, inStore, choice, options);
    if (choice.kind === "bulk" && items.length > 0 && options.json !== true && options.quiet !== true)
      context.io.err(
        `trying ${itemsText(items.length)} again, worth ${moneyText(worthOf(items, new Valuer(store, inStore.id, pipeline)))}\n`,
      );
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
    return await runOne(context, options, project, store, pipeline, { kind: "retry", only: isAll ? null : only }, observing);
  } finally {
    store.close();
  }
}

/**
 * Takes items off the list for good, with a reason. A document comes back when its records change. Not while a run is at
 * work, which may be about to post it. Many at once are shown first, and dropped only with `--yes`.
 */
export async function drop(context: CommandContext, options: DecisionOptions, given: unknown): Promise<number> {
  const choice = choiceOf(options, given, "drop");
  const reason = options.reason?.trim() ?? "";
  if (reason === "") throw new ProblemError(problem("USAGE", "the reason is empty", [], 'say why: `--reason "…"`'));
  const project = await openProject(context, options);
  // One that cannot be read has no documents to build, and what waits of it can be dropped all the same.
  const known = choice.kind === "bulk" ? (await allPipelines(project)).pipelines : [];
  const store = openStore(context, project, false);
  try {
    const pipeline = pipelineInStore(store, options.pipeline);
    const valuer = new Valuer(store, pipeline.id, known.find(({ name }) => name === pipeline.name) ?? null);
    if (choice.kind === "bulk" && options.yes !== true)
      return preview(context, options, chosenItems(store, pipeline, choice, options), pipeline, valuer);
    const { items, left, money, notes } = decide(context, store, pipeline.name, () => {
      const chosen = chosenItems(store, pipeline, choice, options);
      // Of many, what is in doubt stays; named alone, it is refused below, with the reason.
      const droppable = choice.kind === "bulk" ? chosen.filter((item) => !isInDoubt(item)) : chosen;
      const worth = choice.kind === "bulk" ? worthOf(droppable, valuer) : new Money();
      const told = droppable.flatMap((item) => dropItem(context, store, pipeline, item, reason));
      return { items: droppable, left: chosen.length - droppable.length, money: worth, notes: told };
    });
    if (options.json === true) printJson(context.io, { dropped: items.map(({ key }) => displayKey(key)), reason, inDoubt: left, notes });
    else if (choice.kind === "bulk") context.io.out(`dropped ${itemsText(items.length)}, worth ${moneyText(money)}: ${reason}\n`);
    else for (const { kind, key } of items) context.io.out(`dropped ${kind} ${displayKey(key)}: ${reason}\n`);
    if (options.json !== true) context.io.out([...notes, ...leftText(left)].map((line) => `${line}\n`).join(""));
    return EXIT.done;
  } finally {
    store.close();
  }
}

/** What would be dropped. Exit code 2, so that nobody takes it for done. */
function preview(
  { io }: CommandContext,
  { json }: DecisionOptions,
  items: readonly QuarantineItem[],
  pipeline: PipelineInStore,
  valuer: Valuer,
): number {
  const droppable = items.filter((item) => !isInDoubt(item));
  const found = { pipeline: pipeline.name, causes: groupByCause(droppable).map((cause) => valued(cause, valuer)) };
  const left = items.length - droppable.length;
  if (json === true) printJson(io, { dropped: [], wouldDrop: causesToJson(found), inDoubt: left });
  else {
    io.out(`this would drop ${itemsText(droppable.length)}, worth ${moneyText(worthOf(droppable, valuer))}:\n\n`);
    if (droppable.length > 0) io.out(renderCauses([found], { columns: io.columns, isDropped: true }));
    io.out(
      leftText(left)
        .map((line) => `${line}\n`)
        .join(""),
    );
    io.err("\nnothing was dropped; say `--yes` to drop them\n");
  }
  return EXIT.usage;
}

function leftText(inDoubt: number): string[] {
  return inDoubt === 0 ? [] : [`${itemsText(inDoubt)} stay: sent, and the answer is unknown; the next run looks them up first`];
}

function worthOf(items: readonly QuarantineItem[], valuer: Valuer): Money {
  const money = new Money();
  for (const item of items) money.add(valuer.ofItem(item));
  return money;
}

function isInDoubt({ problem: { code } }: QuarantineItem): boolean {
  return code === "TARGET_UNCONFIRMED";
}

/** Returns what a person should know of it beside that. */
function dropItem(context: CommandContext, store: Store, pipeline: PipelineInStore, item: QuarantineItem, reason: string): string[] {
  const name = displayKey(item.key);
  if (isInDoubt(item)) {
    const message = `\`${name}\` was sent and its answer is unknown, so it cannot be dropped`;
    throw new ProblemError(problem("USAGE", message, [], "run again: it is looked up first"));
  }
  store.quarantine.drop(item.id, reason);
  store.audit.append({ ...decision(context, pipeline, item), event: "item dropped", detail: { ...about(item), reason } });
  if (item.kind === "record") {
    store.records.removeBad(pipeline.id, item.key);
    return [];
  }
  const documentId = store.records.documentId(pipeline.id, item.key);
  if (documentId === null) return [];
  store.records.settle(documentId);
  const posted = store.postings.current(documentId, item.key);
  if (posted === null) store.uniqueValues.release(documentId);
  else if (posted.step !== null)
    return [`the draft ${posted.reference} of ${name} stays in the target; delete it there if it is not wanted`];
  return [];
}

/** Who decided, when, and about which document: the part of an audit row that every decision has. */
function decision(context: CommandContext, pipeline: PipelineInStore, item: QuarantineItem) {
  const subject = item.kind === "document" ? item.key : (item.documentKey ?? item.key);
  return { at: context.now().toISOString(), actor: context.actor, pipeline: pipeline.name, run: null, subject };
}

function about(item: QuarantineItem): Omit<AuditDetails["retry requested"], "status"> {
  return { item: item.kind, key: item.key, cause: item.problem.code };
}
