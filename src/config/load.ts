import { resolve } from "node:path";
import { isDocumentType } from "../model/document-types.js";
import { type Problem, problem } from "../model/problem.js";
import type { Field } from "../model/record.js";
import { readApproval } from "./approval.js";
import { type Cases, loadCases } from "./cases.js";
import { readEndpoint } from "./endpoint.js";
import { ExpressionCompiler } from "./expressions.js";
import { canonicalJson, fileHash, sha256, withoutSecretsAndPaths, writtenValue } from "./fingerprint.js";
import { readWithIncludes } from "./include.js";
import { readLookup } from "./lookup.js";
import { CONDITION, readMapping } from "./mapping.js";
import { listNames } from "./nearest.js";
import { checkNotifyPipelines } from "./notify.js";
import { inOrder, type Succession } from "./order.js";
import { personalTexts } from "./personal-texts.js";
import type { DocumentCheck, Expression, Loaded, Lookup, Pipeline, Project, TargetSettings, Threshold } from "./pipeline.js";
import { type ProjectDraft, type ProjectOptions, readProject } from "./project.js";
import { read } from "./read.js";
import { readRecordSchema } from "./record-schema.js";
import type { ConnectorRegistry } from "./registry.js";
import { readSchedule } from "./schedule.js";
import { PipelineFile, SourceCommon } from "./schema.js";
import { type SchemaNode, schemaNode } from "./schema-node.js";
import { isFile, showPath } from "./source-file.js";
import { fieldIndex, readSourceSettings } from "./source-settings.js";
import { child, childScalar, keyPlace, type MapTree, placeOf, type ScalarTree, scalarsOf, type Tree } from "./tree.js";

export interface PipelineOptions {
  readonly connectors: ConnectorRegistry;
}

/** Everything `sync.yaml` and its pipelines ask for, or all that is wrong with any of them. */
export interface Workspace {
  readonly project: Project | null;
  readonly pipelines: readonly Pipeline[];
  readonly problems: readonly Problem[];
  /** By the name of the pipeline; problems of cases are among those of the workspace too. */
  readonly cases: ReadonlyMap<string, Cases>;
}

/** Loads the project, all its pipelines and their cases; pipelines are checked even where `sync.yaml` has problems of its own. */
export async function loadWorkspace(file: string, options: ProjectOptions): Promise<Workspace> {
  const draft = await readProject(file, options);
  if (draft.project === null) return { project: null, pipelines: [], problems: draft.problems, cases: new Map() };
  const { project } = draft;
  const { pipelines, problems, names } = await loadFiles(draft, options.connectors);
  const beside = [...project.notify.problems, ...checkNotifyPipelines(project.notify, names), ...project.observing.problems];
  const cases = new Map(pipelines.map((pipeline) => [pipeline.name, loadCases(pipeline, project)]));
  const ofCases = [...cases.values()].flatMap((each) => each.problems);
  return {
    project: draft.problems.length === 0 ? project : null,
    pipelines,
    problems: withoutRepeats([...draft.problems, ...beside, ...problems, ...ofCases]),
    cases,
  };
}

/** Loads every pipeline of a project. A pipeline without problems is among the results even where another has some. */
export function loadAll(project: Project, options: PipelineOptions): Promise<{ pipelines: Pipeline[]; problems: Problem[] }> {
  return loadFiles({ project, broken: new Set(), problems: [] }, options.connectors);
}

/** Loads one pipeline: every expression compiled and typed, every option checked, or every problem of it. */
export async function loadPipeline(file: string, project: Project, options: PipelineOptions): Promise<Loaded<Pipeline>> {
  const { loaded } = await loadOne(resolve(file), { project, broken: new Set(), problems: [] }, options.connectors);
  return loaded;
}

/** The pipelines that can be used, and the names of all. */
interface LoadedFiles {
  readonly pipelines: Pipeline[];
  readonly problems: Problem[];
  readonly names: readonly string[];
}

async function loadFiles(draft: ProjectDraft, connectors: ConnectorRegistry): Promise<LoadedFiles> {
  const pipelines: Pipeline[] = [];
  const problems: Problem[] = [];
  const names = new Map<string, ScalarTree[]>();
  const successions: Succession[] = [];
  for (const file of draft.project.pipelineFiles) {
    const { loaded, name, after } = await loadOne(file, draft, connectors);
    problems.push(...loaded.problems);
    if (loaded.value !== null) pipelines.push(loaded.value);
    if (name === undefined) continue;
    if (!names.has(name.text)) successions.push({ name: name.text, after });
    names.set(name.text, [...(names.get(name.text) ?? []), name]);
  }
  for (const [name, places] of names) {
    if (places.length === 1) continue;
    problems.push(
      problem(
        "CONFIG_DUPLICATE_NAME",
        `${places.length} pipelines have the name \`${name}\``,
        places.map(placeOf),
        "give each a name of its own",
      ),
    );
  }
  const order = new Map(inOrder(successions, problems).map((name, index) => [name, index]));
  const placeInOrder = ({ name }: Pipeline): number => order.get(name) ?? order.size;
  const unique = pipelines.filter((pipeline) => names.get(pipeline.name)?.length === 1).sort((a, b) => placeInOrder(a) - placeInOrder(b));
  return { pipelines: unique, problems: withoutRepeats(problems), names: [...names.keys()] };
}

/** What is wrong in a file that several pipelines share is said once. */
function withoutRepeats(problems: readonly Problem[]): Problem[] {
  const seen = new Map<string, Problem>();
  for (const each of problems) {
    const text = JSON.stringify(each);
    if (!seen.has(text)) seen.set(text, each);
  }
  return [...seen.values()];
}

// ---------------------------------------------------------------- one pipeline

async function loadOne(
  file: string,
  draft: ProjectDraft,
  connectors: ConnectorRegistry,
): Promise<{ loaded: Loaded<Pipeline>; name: ScalarTree | undefined; after: readonly ScalarTree[] }> {
  const problems: Problem[] = [];
  if (!isFile(file)) {
    problems.push(
      problem("CONFIG_NO_PIPELINE", "there is no such pipeline file", { file: showPath(file, draft.project.folder) }, "check the name"),
    );
    return { loaded: { value: null, problems }, name: undefined, after: [] };
  }
  const tree = readWithIncludes(file, draft.project.folder, problems);
  const pipeline = tree === null ? null : await readPipeline(file, tree, draft, connectors, problems);
  const loaded: Loaded<Pipeline> = pipeline === null || problems.length > 0 ? { value: null, problems } : { value: pipeline, problems };
  if (tree === null) return { loaded, name: undefined, after: [] };
  return { loaded, name: childScalar(tree, "pipeline"), after: scalarsOf(child(tree, "after")) };
}

/** The keys of a pipeline file that this module reads itself; source and target belong to their connectors, and a mistake in a case stops no run. */
const TOP: SchemaNode = (() => {
  const whole = schemaNode(PipelineFile);
  const anything: SchemaNode = {};
  return { ...whole, properties: { ...whole.properties, source: anything, target: anything, tests: anything } };
})();

const SOURCE = schemaNode(SourceCommon);
const TARGET = schemaNode(PipelineFile.properties.target);

async function readPipeline(
  file: string,
  tree: MapTree,
  draft: ProjectDraft,
  connectors: ConnectorRegistry,
  problems: Problem[],
): Promise<Pipeline | null> {
  const { project, broken } = draft;
  const top = read(tree, TOP, { problems }) as Partial<PipelineFile>;
  const context = { project, broken, connectors, problems };
  const sourceTree = mapUnder(tree, "source", problems);
  const targetTree = mapUnder(tree, "target", problems);
  const source = sourceTree === null ? null : await readEndpoint(sourceTree, "source", SOURCE, context);
  const target = targetTree === null ? null : await readEndpoint(targetTree, "target", TARGET, context);

  const common = (source?.common ?? {}) as Partial<PipelineFile["source"]>;
  const schema = common.record === undefined ? null : readRecordSchema(common.record, project.folder, problems);
  const fields = schema?.fields ?? null;

  const { lookups, brokenLookups } = readLookups(tree, top, project, fields, problems);
  const compiler = new ExpressionCompiler(
    fields,
    lookups.map((lookup) => lookup.signature),
    brokenLookups,
    problems,
  );
  const documentTree = child(tree, "document");
  const mapping = documentTree?.kind === "map" ? readMapping(documentTree, compiler, problems) : null;
  const checks = readChecks(tree, fields, compiler, problems);
  if (target?.endpoint != null) checkDocumentType(documentTree, target.endpoint.connector, problems);
  const approval = readApproval(tree, top.approval, project.approvers, problems);
  const schedule = readSchedule(tree, top.schedule, project, problems);
  const settings = sourceTree === null ? null : readSourceSettings(sourceTree, common, source?.endpoint ?? null, schema, project, problems);

  if (problems.length > 0 || settings === null || mapping === null || source?.endpoint == null || target?.endpoint == null) return null;
  const name = top.pipeline ?? "";
  const { connector, connectionOptions, options } = target.endpoint;
  const targetSettings = {
    connector,
    name: target.endpoint.name,
    connectionOptions,
    options,
    changed: target.common["changed"],
    gone: target.common["gone"],
    edited: target.common["edited"],
    closedPeriod: target.common["closed_period"],
  } as TargetSettings;
  const lookupsSay = lookups.map(({ file, signature: { name } }) => ({ name, says: [lookupSays(tree, name), fileHash(file)] }));
  const fingerprint = sha256(
    canonicalJson({
      ...(writtenValue(tree, [
        "title",
        "tags",
        "after",
        "schedule",
        "include",
        "source",
        "lookups",
        "target",
        "stop_when",
        "approval",
        "tests",
      ]) as object),
      source: settings.fingerprint,
      lookups: lookupsSay.map(({ says }) => says),
      target: [
        connector.name,
        target.endpoint.name,
        withoutSecretsAndPaths(connectionOptions, schemaNode(connector.connection)),
        target.endpoint.essentials,
        targetSettings.changed,
        targetSettings.gone,
        targetSettings.edited,
      ],
      stopWhen: top.stop_when ?? null,
      timeZone: project.timeZone,
    }),
  );
  const lookupsIn = (texts: readonly (string | undefined)[]): unknown[] =>
    lookupsSay.filter(({ name }) => texts.some((text) => text?.replace(/\s+\[/g, "[").includes(`${name}[`))).map(({ says }) => says);
  const keys = [mapping?.key?.text, mapping?.batch?.text];
  const recordFingerprint = sha256(
    canonicalJson({ source: settings.fingerprint, keys: keys.map((text) => text ?? null), lookups: lookupsIn(keys) }),
  );
  const selecting = [mapping?.when?.text, ...checks.map((check) => (check.kind === "unique" ? check.alsoWhen?.text : undefined))];
  const selection = sha256(
    canonicalJson({
      when: mapping?.when?.text ?? null,
      unique: checks.flatMap((check) =>
        check.kind === "unique" ? [[check.name, check.separator, check.register, check.alsoWhen?.text ?? null]] : [],
      ),
      lookups: lookupsIn(selecting),
    }),
  );
  return {
    name,
    title: top.title ?? name,
    file,
    tags: top.tags ?? [],
    after: top.after === undefined ? [] : [top.after].flat(),
    schedule,
    source: settings,
    lookups,
    mapping,
    checks,
    stopWhen: thresholdOf(top.stop_when?.quarantined),
    approval,
    target: targetSettings,
    personal: personalTexts(mapping, settings),
    fingerprint,
    recordFingerprint,
    selection,
  };
}

function lookupSays(tree: MapTree, name: string): unknown {
  const lookup = child(child(tree, "lookups"), name);
  return lookup?.kind === "map" ? [name, writtenValue(lookup, ["csv"])] : [name];
}

function mapUnder(tree: MapTree, key: string, problems: Problem[]): MapTree | null {
  const found = child(tree, key);
  if (found === undefined || found.kind === "map") return found ?? null;
  const what = found.kind === "list" ? "a list" : found.value === null ? "empty" : `\`${found.text}\``;
  problems.push(
    problem("CONFIG_WRONG_VALUE", `\`${key}\` is ${what}; expected a mapping with \`connection\` or \`connector\``, placeOf(found)),
  );
  return null;
}

// ---------------------------------------------------------------- lookups, checks, the rest

function readLookups(
  tree: MapTree,
  top: Partial<PipelineFile>,
  project: Project,
  fields: readonly Field[] | null,
  problems: Problem[],
): { lookups: Lookup[]; brokenLookups: string[] } {
  const lookups: Lookup[] = [];
  const brokenLookups: string[] = [];
  const map = child(tree, "lookups");
  if (map?.kind !== "map") return { lookups, brokenLookups };
  for (const entry of map.entries.values()) {
    const settings = top.lookups?.[entry.key];
    const lookup = settings === undefined ? null : readLookup(entry, settings, project.folder, problems);
    if (lookup === null) brokenLookups.push(entry.key);
    else lookups.push(lookup);
    if (fields?.some((field) => field.name === entry.key) === true) {
      const message = `\`${entry.key}\` is both a lookup and a field of the record`;
      problems.push(problem("CONFIG_DUPLICATE_NAME", message, keyPlace(entry), "rename the lookup"));
    }
  }
  const signatures = lookups.map((lookup) => lookup.signature);
  const compiler = new ExpressionCompiler(fields, signatures, brokenLookups, problems);
  const sound = lookups.filter(({ signature }) => {
    const on = childScalar(child(child(map, signature.name), "valid"), "on");
    if (on === undefined || compiler.checkDate(on)) return true;
    brokenLookups.push(signature.name);
    return false;
  });
  return { lookups: sound, brokenLookups };
}

function readChecks(tree: MapTree, fields: readonly Field[] | null, compiler: ExpressionCompiler, problems: Problem[]): DocumentCheck[] {
  const list = child(tree, "checks");
  if (list?.kind !== "list") return [];
  return list.items.flatMap((item): DocumentCheck[] => {
    const unique = childScalar(item, "unique");
    if (unique !== undefined) {
      const alsoWhen = compiler.compileKey(item, "also when", "document", CONDITION);
      if (fields === null) return [];
      const field = fieldIndex(unique.text, placeOf(unique), fields, problems);
      const separator = childScalar(item, "separator")?.text ?? null;
      return [{ kind: "unique", field, name: unique.text, separator, register: childScalar(item, "register")?.text ?? null, alsoWhen }];
    }
    const condition = compiler.compileKey(item, "require", "document", CONDITION);
    const message = childScalar(item, "else")?.text ?? "";
    return condition === null ? [] : [{ kind: "require", condition: condition satisfies Expression, message }];
  });
}

function checkDocumentType(tree: Tree | undefined, connector: TargetSettings["connector"], problems: Problem[]): void {
  const type = childScalar(tree, "type");
  const taken: readonly string[] = connector.target?.documents ?? [];
  if (type === undefined || taken.includes(type.text) || !isDocumentType(type.text)) return;
  problems.push(
    problem(
      "CONFIG_DOCUMENT",
      `\`${connector.name}\` takes no \`${type.text}\`; it takes ${listNames(taken)}`,
      placeOf(type),
      "change the type, or the target",
    ),
  );
}

function thresholdOf(quarantined: number | string | undefined): Threshold | null {
  if (quarantined === undefined) return null;
  return typeof quarantined === "number" ? { count: quarantined } : { share: Number.parseFloat(quarantined) / 100 };
}
