import type { Project } from "../../config/pipeline.js";
import { groupByCause } from "../../model/cause.js";
import { displayKey } from "../../model/record.js";
import { visible } from "../../model/visible.js";
import type { QuarantineItem } from "../../store/quarantine.js";
import type { Store } from "../../store/store.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, printJson } from "../io.js";
import { Valuer } from "../limbo.js";
import { chosenPipelines, itemsOf, listedItems, notThere, type PipelineInStore } from "../listed.js";
import { showLong } from "../pager.js";
import { type Cell, type PersonalOptions, RecordCover, showsPersonal } from "../personal.js";
import { causesToJson, renderCauses, valued } from "../render/causes.js";
import { problemToJson, renderProblem } from "../render/problem.js";
import { count } from "../render/progress.js";
import { pointer } from "../render/report-problems.js";
import { renderTable } from "../render/table.js";
import { allPipelines, openProject, openToLook, withStore } from "../session.js";

interface QuarantineOptions extends PersonalOptions {
  readonly pipeline?: string;
  readonly dropped?: boolean;
  readonly by?: "cause";
  readonly cause?: string;
  readonly about?: string;
}

export async function list(context: CommandContext, options: QuarantineOptions): Promise<number> {
  if (options.by === "cause") return listByCause(context, options);
  const { io } = context;
  const project = await openProject(context, options);
  const coverFor = options.json === true ? await recordCovers(project, options) : null;
  return withStore(context, options, (store) => {
    const found = chosenPipelines(store, options.pipeline).flatMap((pipeline) =>
      listedItems(store, pipeline, options).map((item) => ({ pipeline: pipeline.name, item })),
    );
    if (coverFor !== null) {
      printJson(
        io,
        found.map(({ pipeline, item }) => itemToJson(pipeline, item, coverFor(pipeline))),
      );
      return EXIT.done;
    }
    if (found.length === 0) {
      io.out(options.dropped === true ? "nothing was dropped\n" : "nothing waits\n");
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

/** What waits, gathered by what must be mended for it, with what it is worth. */
async function listByCause(context: CommandContext, options: QuarantineOptions): Promise<number> {
  const { io } = context;
  const project = await openProject(context, options);
  // A pipeline that cannot be read has no documents to build; its items are listed all the same.
  const known = new Map((await allPipelines(project)).pipelines.map((pipeline) => [pipeline.name, pipeline]));
  const store = openToLook(context, project);
  try {
    store.freeze();
    const found = chosenPipelines(store, options.pipeline).map((pipeline) => {
      const valuer = new Valuer(store, pipeline.id, known.get(pipeline.name) ?? null);
      const causes = groupByCause(listedItems(store, pipeline, options)).map((cause) => valued(cause, valuer));
      return { pipeline: pipeline.name, causes };
    });
    if (options.json === true) printJson(io, found.flatMap(causesToJson));
    else if (found.every(({ causes }) => causes.length === 0))
      io.out(options.dropped === true ? "nothing was dropped\n" : "nothing waits\n");
    else showLong(context, renderCauses(found, { columns: io.columns, isDropped: options.dropped === true }), true);
    return EXIT.done;
  } finally {
    store.close();
  }
}

export async function show(context: CommandContext, options: QuarantineOptions, key: string | undefined): Promise<number> {
  const { io } = context;
  const coverFor = await recordCovers(await openProject(context, options), options);
  return withStore(context, options, (store) => {
    const found = chosenPipelines(store, options.pipeline).flatMap((pipeline) =>
      withRecords(store, pipeline, itemsOf(store, pipeline, key ?? "")).map((item) => ({ pipeline: pipeline.name, item })),
    );
    if (found.length === 0) throw notThere(store, options.pipeline, key ?? "");
    if (options.json === true) {
      printJson(
        io,
        found.map(({ pipeline, item }) => itemToJson(pipeline, item, coverFor(pipeline))),
      );
      return EXIT.done;
    }
    for (const { pipeline, item } of found) {
      io.out(
        `${item.kind} ${visible(displayKey(item.key))} of ${pipeline}: ${item.status}, since ${item.firstAt}, tried ${item.tries} ${item.tries === 1 ? "time" : "times"}\n`,
      );
      if (item.documentKey !== null && item.kind === "record") io.out(`  blocks document ${visible(displayKey(item.documentKey))}\n`);
      if (item.reason !== null) io.out(`  dropped: ${visible(item.reason)}\n`);
      io.out(`\n${renderProblem(item.problem, { color: options.color !== false && io.outIsTerminal })}\n`);
      if (item.raw !== null) io.out(`\n${renderRaw(item.raw, coverFor(pipeline))}`);
    }
    const causes = found.map(({ item }) => item.problem);
    io.out(`\n${pointer(causes, "en")}`);
    return EXIT.done;
  });
}

/** A document together with the records that keep it waiting. */
function withRecords(store: Store, pipeline: PipelineInStore, items: readonly QuarantineItem[]): QuarantineItem[] {
  return items.flatMap((item) => {
    const documentId = item.kind === "document" ? store.records.documentId(pipeline.id, item.key) : null;
    return documentId === null ? [item] : [item, ...store.quarantine.recordsOf(documentId)];
  });
}

/** How the records of a pipeline are shown; of one that cannot be read, every field is taken for personal. */
async function recordCovers(project: Project, options: QuarantineOptions): Promise<(pipeline: string) => RecordCover> {
  const { pipelines } = await allPipelines(project);
  const isShown = showsPersonal(project, options);
  const covers = new Map(pipelines.map((pipeline) => [pipeline.name, new RecordCover(pipeline, isShown)]));
  const unknown = new RecordCover(null, isShown);
  return (name) => covers.get(name) ?? unknown;
}

function itemToJson(pipeline: string, item: QuarantineItem, cover: RecordCover): unknown {
  const { problem: cause, raw, key, documentKey, ...rest } = item;
  return {
    pipeline,
    ...rest,
    key: displayKey(key),
    document: documentKey === null ? null : displayKey(documentKey),
    code: cause.code,
    problem: problemToJson(cause),
    raw: raw === null ? null : (cellsOf(raw, cover) ?? cover.row(raw)),
  };
}

/** The cells of a record by name, as they may be shown; null for a row that could not be split. */
function cellsOf(raw: string, cover: RecordCover): Readonly<Record<string, Cell>> | null {
  if (!raw.startsWith("{")) return null;
  try {
    const cells = Object.entries(JSON.parse(raw) as Record<string, Cell>);
    return Object.fromEntries(cells.map(([name, cell]) => [name, cover.cell(name, cell)]));
  } catch {
    // A row of a file can begin like that too.
    return null;
  }
}

function renderRaw(raw: string, cover: RecordCover): string {
  const cells = cellsOf(raw, cover);
  if (cells === null) {
    const more = cover.hidesRows ? ", which may hold personal values: --show-personal shows it" : "";
    return `  as it came: ${visible(cover.row(raw))}${more}\n`;
  }
  return renderTable(
    [{ title: "  field" }, { title: "as it came" }],
    Object.entries(cells).map(([name, value]) => [`  ${name}`, value === null ? "(empty)" : String(value)]),
  );
}
