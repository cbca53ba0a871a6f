import { ProblemError, problem } from "../../model/problem.js";
import { showDocument } from "../../run/show.js";
import type { Store } from "../../store/store.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { renderShown, shownToJson } from "../render/show.js";
import { choosePipeline, openProject, openStore, pipelineInStore, shownPath } from "../session.js";

interface ShowOptions extends CommonOptions {
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
    const shown = { key, pipeline: name, parts, history, waits };
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
