import { connectors } from "../../connectors/index.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { renderTable } from "../render/table.js";

export async function list(context: CommandContext, options: CommonOptions): Promise<number> {
  const all = await Promise.all([...connectors.values()].map((load) => load()));
  const rows = all.map((connector) => ({
    name: connector.name,
    reads: connector.source !== undefined,
    posts: connector.target?.documents ?? [],
    summary: connector.summary,
  }));
  if (options.json === true) printJson(context.io, rows);
  else {
    context.io.out(
      renderTable(
        [{ title: "connector" }, { title: "reads" }, { title: "posts" }, { title: "what it is" }],
        rows.map((row) => [row.name, row.reads ? "records" : "", row.posts.join(", "), row.summary]),
      ),
    );
  }
  return EXIT.done;
}
