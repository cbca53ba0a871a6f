import type { Line } from "../../model/document.js";
import type { DocumentCover } from "../../model/document-cover.js";
import { PersonalValues } from "../../model/personal.js";
import { ProblemError, problem } from "../../model/problem.js";
import { type Shown, showDocument } from "../../run/show.js";
import type { Reason, UsedRow } from "../../steps/explain.js";
import type { Store } from "../../store/store.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, printJson } from "../io.js";
import { coverOf, type PersonalOptions, RecordCover, showsPersonal } from "../personal.js";
import { renderShown, shownToJson } from "../render/show.js";
import { choosePipeline, openProject, openStore, pipelineInStore, shownPath } from "../session.js";

interface ShowOptions extends PersonalOptions {
  readonly pipeline?: string;
  readonly why?: boolean;
}

/** One document: what its records come to now, how it is posted, and with `--why` which rule and which row gave each account. */
export async function show(context: CommandContext, options: ShowOptions, given: string | undefined): Promise<number> {
  const { io } = context;
  const key = given ?? "";
  const project = await openProject(context, options);
  const store = openStore(context, project, false);
  try {
    const name = pipelineOf(store, options.pipeline, key);
    const pipeline = await choosePipeline(project, name);
    const pipelineId = store.pipelineId(name);
    const parts = showDocument({ pipeline, pipelineId, store }, key);
    if (parts === null) throw notThere(name, key);
    const history = store.postings.history(pipelineId, key);
    const waits = store.quarantine.find(pipelineId, key).filter((item) => item.kind === "document" && item.status !== "ready");
    const isShown = showsPersonal(project, options);
    const values = new PersonalValues();
    const cover = { documents: coverOf(pipeline, isShown, values), records: new RecordCover(pipeline, isShown, values) };
    const personalColumns = new Set(
      isShown
        ? []
        : pipeline.lookups.flatMap(({ signature: { name: lookup, columns } }) =>
            columns.filter(({ personal }) => personal).map((column) => `${lookup}.${column.name}`),
          ),
    );
    const shown = { key, pipeline: name, parts: parts.map((part) => coveredPart(part, { ...cover, personalColumns })), history, waits };
    if (options.json === true)
      printJson(
        io,
        shownToJson(shown, (file) => shownPath(context, file)),
      );
    else
      io.out(
        renderShown(shown, {
          why: options.why === true,
          color: options.color !== false && io.outIsTerminal,
          pathOf: (file) => shownPath(context, file),
        }),
      );
    return EXIT.done;
  } finally {
    store.close();
  }
}

interface Covers {
  readonly documents: DocumentCover;
  readonly records: RecordCover;
  /** As `lookup.column`. */
  readonly personalColumns: ReadonlySet<string>;
}

function coveredPart(part: Shown, covers: Covers): Shown {
  const { grouped, reasons } = part.explained;
  if (grouped.kind !== "wanted") return part;
  const document = covers.documents.document(grouped.document);
  const lineOf = (line: Line): Line => covers.documents.document({ ...grouped.document, lines: [line] }).lines[0] ?? line;
  return {
    ...part,
    explained: {
      grouped: { ...grouped, document },
      reasons: reasons.map((reason) => ({ ...coveredReason(reason, covers), line: lineOf(reason.line) })),
    },
  };
}

/** Where a rule reads a personal field, what is looked up is personal, unless it is the value of another field. */
function coveredReason(reason: Reason, { records, personalColumns }: Covers): Reason {
  const fields = Object.entries(reason.fields);
  const isPersonal = fields.some(([name]) => records.isPersonal(name));
  const others = new Set(fields.filter(([name]) => !records.isPersonal(name)).map(([, value]) => value));
  const coveredKey = (key: string): string => (isPersonal && !others.has(key) ? records.value(key) : key);
  const coveredRow = (row: UsedRow): UsedRow => ({
    ...row,
    keys: row.keys.map(coveredKey),
    values: Object.fromEntries(
      Object.entries(row.values).map(([column, value]) => {
        const isCovered = personalColumns.has(`${row.lookup}.${column}`) || (row.keys.includes(value) && coveredKey(value) !== value);
        return [column, isCovered ? records.value(value) : value];
      }),
    ),
  });
  return {
    ...reason,
    fields: Object.fromEntries(fields.map(([name, value]) => [name, records.cell(name, value)])),
    rows: reason.rows.map(coveredRow),
  };
}

/** The pipeline that knows the document; several may. */
function pipelineOf(store: Store, name: string | undefined, key: string): string {
  if (name !== undefined) return pipelineInStore(store, name).name;
  const knowing = store.pipelineNames().filter((each) => store.records.documentId(store.pipelineId(each), key) !== null);
  const [only] = knowing;
  if (only !== undefined && knowing.length === 1) return only;
  if (knowing.length === 0) throw notThere(null, key);
  const list = knowing.map((each) => `\`${each}\``).join(", ");
  throw new ProblemError(problem("USAGE", `${list} each have a document \`${key}\``, [], "name one with `--pipeline NAME`"));
}

function notThere(pipeline: string | null, key: string): ProblemError {
  const who = pipeline === null ? "no pipeline has" : `${pipeline} has no`;
  return new ProblemError(
    problem(
      "NOT_FOUND",
      `${who} ${pipeline === null ? "a " : ""}document \`${key}\``,
      [],
      "`sync quarantine list` and `sync ledger journal` show keys",
    ),
  );
}
