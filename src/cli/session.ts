import { dirname, relative, resolve } from "node:path";
import type { Cases } from "../config/cases.js";
import { findProject } from "../config/find-project.js";
import { loadAll, loadWorkspace, type Workspace } from "../config/load.js";
import type { Pipeline, Project } from "../config/pipeline.js";
import { loadProject, readProject } from "../config/project.js";
import { connectors } from "../connectors/index.js";
import { nearestName } from "../model/nearest.js";
import { type Problem, ProblemError, problem } from "../model/problem.js";
import type { StorePlace } from "../store/place.js";
import { Store } from "../store/store.js";
import type { CommandContext, CommonOptions } from "./io.js";

/** The sync.yaml a command works on: named with `--project`, or found here or above. */
function projectFile(context: CommandContext, options: CommonOptions): string {
  const file = options.project === undefined ? findProject(context.cwd) : resolve(context.cwd, options.project);
  if (file === null) {
    throw new ProblemError(
      problem(
        "CONFIG_NO_PROJECT",
        `there is no sync.yaml in \`${context.cwd}\` or above`,
        [],
        "run `sync init`, change to the project's folder, or name the file with `--project FILE`",
      ),
    );
  }
  return file;
}

export async function openProject(context: CommandContext, options: CommonOptions): Promise<Project> {
  const loaded = await loadProject(projectFile(context, options), { environment: options.env ?? null, env: context.env, connectors });
  if (loaded.value === null) throw new ProblemError(loaded.problems);
  return knowing(context, loaded.value);
}

/** Notes the project's secrets, so that not even a crash prints them. */
function knowing<P extends Pick<Project, "secrets"> | null>(context: CommandContext, project: P): P {
  for (const secret of project?.secrets ?? []) context.secrets?.add(secret);
  return project;
}

/** The project as far as it can be read, whatever is wrong in it; null when nothing of it can be. */
export async function readableProject(context: CommandContext, options: CommonOptions): Promise<Project | null> {
  const file = options.project === undefined ? findProject(context.cwd) : resolve(context.cwd, options.project);
  if (file === null) return null;
  return knowing(context, (await readProject(file, { environment: options.env ?? null, env: context.env, connectors })).project);
}

/** The project and all its pipelines as far as they can be read, with everything that is wrong in any of them. */
export async function openWorkspace(context: CommandContext, options: CommonOptions): Promise<Workspace> {
  const workspace = await loadWorkspace(projectFile(context, options), { environment: options.env ?? null, env: context.env, connectors });
  knowing(context, workspace.project);
  return workspace;
}

export interface Testable {
  readonly project: Project;
  readonly chosen: readonly { readonly pipeline: Pipeline; readonly cases: Cases }[];
  /** What is wrong beside the cases of the chosen pipelines. */
  readonly problems: readonly Problem[];
}

/**
 * The named pipelines, or all, with their cases. No connection will be opened, so that their secrets need not be here.
 * Where pipelines are named, mistakes in others do not matter.
 */
export async function openForCases(context: CommandContext, options: CommonOptions, names: readonly string[]): Promise<Testable> {
  const file = projectFile(context, options);
  const workspace = await loadWorkspace(file, { environment: options.env ?? null, env: context.env, connectors, unopened: true });
  const { project, pipelines, cases } = workspace;
  const ofCases = new Set([...cases.values()].flatMap((each) => each.problems));
  const problems = workspace.problems.filter((each) => !ofCases.has(each));
  if (project === null) throw new ProblemError(problems);
  const known = pipelines.map((pipeline) => pipeline.name);
  const unknown = names.filter((name) => !known.includes(name)).map((name) => unknownPipeline(name, known));
  // The name may belong to a file that could not be read.
  if (unknown.length > 0) throw new ProblemError([...unknown, ...problems]);
  const chosen = pipelines
    .filter((pipeline) => names.length === 0 || names.includes(pipeline.name))
    .map((pipeline) => ({ pipeline, cases: cases.get(pipeline.name) ?? { cases: [], problems: [] } }));
  return { project, chosen, problems: names.length === 0 ? problems : [] };
}

/** The named pipeline, or the only one there is. Mistakes in other pipelines do not stand in its way. */
export async function choosePipeline(project: Project, name: string | undefined): Promise<Pipeline> {
  const { pipelines, problems } = await loadAll(project, { connectors });
  const names = pipelines.map((pipeline) => pipeline.name);
  if (name === undefined) {
    const [only] = pipelines;
    if (only !== undefined && pipelines.length === 1 && problems.length === 0) return only;
    if (problems.length > 0) throw new ProblemError(problems);
    throw new ProblemError(
      problem(
        "USAGE",
        `which pipeline? There are ${names.map((each) => `\`${each}\``).join(", ") || "none"}`,
        [],
        "name one, or use `--all`",
      ),
    );
  }
  const found = pipelines.find((pipeline) => pipeline.name === name);
  if (found !== undefined) return found;
  // The name may belong to a file that could not be read.
  if (problems.length > 0) throw new ProblemError([unknownPipeline(name, names), ...problems]);
  throw new ProblemError(unknownPipeline(name, names));
}

export async function allPipelines(
  project: Project,
): Promise<{ readonly pipelines: readonly Pipeline[]; readonly problems: readonly Problem[] }> {
  return loadAll(project, { connectors });
}

/** Where the store of a project is, with the key where it is encrypted. */
export function placeOf({ store, storeKey }: Pick<Project, "store" | "storeKey">): StorePlace {
  return { file: store, key: storeKey };
}

export function openStore(context: CommandContext, project: Project, create: boolean): Store {
  return Store.open(placeOf(project), { create, now: context.now, actor: context.actor });
}

/** The store for a command that only looks: an older one is brought up to date first, and what is opened then cannot be written. */
export function openToLook(context: CommandContext, project: Project): Store {
  openStore(context, project, false).close();
  return Store.openReadOnly(placeOf(project));
}

/** Opens the store for one command and closes it whatever happens. */
export async function withStore(context: CommandContext, options: CommonOptions, work: (store: Store) => number): Promise<number> {
  const project = await openProject(context, options);
  const store = openStore(context, project, false);
  try {
    return work(store);
  } finally {
    store.close();
  }
}

/** The number of a pipeline that ran before, whether or not its file can still be read. */
export function pipelineInStore(store: Store, name: string | undefined): { readonly id: number; readonly name: string } {
  const names = store.pipelineNames();
  const chosen = name ?? (names.length === 1 ? names[0] : undefined);
  if (chosen === undefined) {
    const known = names.map((each) => `\`${each}\``).join(", ") || "none yet";
    throw new ProblemError(problem("USAGE", `which pipeline? The store knows ${known}`, [], "name one with `--pipeline NAME`"));
  }
  if (!names.includes(chosen)) throw new ProblemError(unknownPipeline(chosen, names));
  return { id: store.pipelineId(chosen), name: chosen };
}

/** Relative paths of a pipeline start in the folder of its file. */
export function folderOf(pipeline: Pipeline): string {
  return dirname(pipeline.file);
}

export function shownPath(context: CommandContext, path: string): string {
  const shown = relative(context.cwd, path);
  return shown === "" || shown.startsWith("..") ? path : shown;
}

export function unknownPipeline(name: string, known: readonly string[]): Problem {
  const near = nearestName(name, known);
  const list = known.map((each) => `\`${each}\``).join(", ") || "none";
  return problem(
    "CONFIG_NO_PIPELINE",
    `no pipeline \`${name}\`; there are ${list}`,
    [],
    near === null ? "`sync validate` lists all pipelines and what is wrong with them" : `did you mean \`${near}\`?`,
  );
}
