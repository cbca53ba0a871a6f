import { nearestName } from "../../model/nearest.js";
import { type Problem, ProblemError, problem } from "../../model/problem.js";
import { isList, isObject, type Json, parseJson, writeJson } from "../http/json.js";

export interface Selection {
  readonly stream: string;
  readonly replicationMethod: string | null;
  readonly replicationKey: string | null;
}

type JsonObject = ReadonlyMap<string, Json>;

/** A catalog, and the names by which its messages call the stream that is read. */
export interface SelectedStream {
  readonly catalog: string;
  readonly names: ReadonlySet<string>;
}

/**
 * The catalog a tap gave, with one stream selected and all of its fields, the others not. Singer, "Discovery mode": the metadata of
 * a stream stands under the empty breadcrumb, that of a field under `["properties", NAME]`; taps of the first years look at
 * `selected` in the schema instead. Throws ProblemError when this is no catalog, or has no such stream.
 */
export function selectStream(text: string, wanted: Selection, tap: string): SelectedStream {
  const { catalog, streams } = readCatalog(text, () =>
    problem(
      "SOURCE_FORMAT",
      `\`${tap}\` was asked for its catalog, and what it printed is none`,
      [],
      "if it has none, say `discover: false`; if you have one, name it with `catalog`",
    ),
  );
  const chosen = findStream(streams, wanted.stream, `\`${tap}\``);
  const selected = streams.map((each) => (isObject(each) ? markStream(each, each === chosen, wanted) : each));
  return { catalog: writeJson(new Map([...catalog, ["streams", selected]])), names: namesOf(chosen) };
}

/** The names of a stream in a catalog of the user's own, which stays as it is. Throws ProblemError as above. */
export function streamNames(text: string, stream: string, file: string): ReadonlySet<string> {
  const { streams } = readCatalog(text, () =>
    problem("SOURCE_FORMAT", `\`${file}\` is no catalog: it has no list \`streams\``, { file }, "let the tap make one with `--discover`"),
  );
  return namesOf(findStream(streams, stream, `\`${file}\``));
}

function readCatalog(text: string, fault: () => Problem): { readonly catalog: JsonObject; readonly streams: readonly Json[] } {
  const catalog = parseJson(text);
  const streams = catalog !== undefined && isObject(catalog) ? catalog.get("streams") : undefined;
  if (catalog === undefined || !isObject(catalog) || streams === undefined || !isList(streams)) throw new ProblemError(fault());
  return { catalog, streams };
}

function findStream(streams: readonly Json[], wanted: string, where: string): JsonObject {
  const objects = streams.filter(isObject);
  const chosen = objects.find((each) => each.get("tap_stream_id") === wanted) ?? objects.find((each) => each.get("stream") === wanted);
  if (chosen === undefined) throw new ProblemError(noStream(objects.map(nameOf), wanted, where));
  return chosen;
}

/** The id by which a catalog tells streams apart is not always what its messages call them: that of a database's table has the schema in it. */
function namesOf(stream: JsonObject): ReadonlySet<string> {
  const names = ["tap_stream_id", "stream", "stream_alias"].map((key) => stream.get(key));
  return new Set(names.filter((name) => typeof name === "string"));
}

function nameOf(stream: JsonObject): string {
  const id = stream.get("tap_stream_id") ?? stream.get("stream");
  return typeof id === "string" ? id : "";
}

function noStream(names: readonly string[], wanted: string, where: string): Problem {
  const near = nearestName(wanted, names);
  const shown = names.slice(0, 20).map((name) => `\`${name}\``);
  const list = `${shown.join(", ")}${names.length > 20 ? ` and ${names.length - 20} more` : ""}`;
  const hint = near === null ? "correct `stream`; upper and lower case differ" : `did you mean \`${near}\`?`;
  return problem("SOURCE_FORMAT", `${where} has no stream \`${wanted}\`; its streams are ${list || "none"}`, [], hint);
}

function markStream(stream: JsonObject, isChosen: boolean, wanted: Selection): Json {
  const schema = stream.get("schema");
  const properties = schema !== undefined && isObject(schema) ? schema.get("properties") : undefined;
  const fields = properties !== undefined && isObject(properties) ? [...properties.keys()] : [];
  const about = new Map<string, Json>([["selected", isChosen]]);
  if (isChosen && wanted.replicationMethod !== null) about.set("replication-method", wanted.replicationMethod);
  if (isChosen && wanted.replicationKey !== null) about.set("replication-key", wanted.replicationKey);
  const written = stream.get("metadata");
  let metadata = mergeMetadata(written !== undefined && isList(written) ? written : [], [], about);
  if (isChosen) for (const field of fields) metadata = mergeMetadata(metadata, ["properties", field], new Map([["selected", true]]));
  const marked = new Map<string, Json>([...stream, ["metadata", metadata]]);
  if (schema !== undefined && isObject(schema)) marked.set("schema", new Map<string, Json>([...schema, ["selected", isChosen]]));
  if (isChosen && wanted.replicationMethod !== null) marked.set("replication_method", wanted.replicationMethod);
  if (isChosen && wanted.replicationKey !== null) marked.set("replication_key", wanted.replicationKey);
  return marked;
}

/** Lays values over those of a breadcrumb. A field that the tap calls unsupported is left as it is: selecting it would be refused. */
function mergeMetadata(metadata: readonly Json[], breadcrumb: readonly string[], values: JsonObject): readonly Json[] {
  const path = writeJson(breadcrumb);
  const index = metadata.findIndex((each) => isObject(each) && writeJson(each.get("breadcrumb") ?? null) === path);
  const entry = metadata[index];
  const former = entry !== undefined && isObject(entry) ? entry.get("metadata") : undefined;
  const known: JsonObject = former !== undefined && isObject(former) ? former : new Map();
  if (known.get("inclusion") === "unsupported") return metadata;
  const merged = new Map<string, Json>([
    ["breadcrumb", breadcrumb],
    ["metadata", new Map([...known, ...values])],
  ]);
  return index === -1 ? [...metadata, merged] : metadata.with(index, merged);
}
