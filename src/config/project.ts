import { basename, dirname, resolve } from "node:path";
import { globSync } from "tinyglobby";
import type { Connector } from "../connectors/contract.js";
import { type Problem, type ProblemCode, ProblemError, problem } from "../model/problem.js";
import { readApprovers } from "./approval.js";
import { fillInMap, type ProcessEnvironment, type SecretSources } from "./fill-in.js";
import { hideSecrets } from "./hide-secrets.js";
import { nearest, suggest, thereAre } from "./nearest.js";
import { readNotify } from "./notify.js";
import { readObserving } from "./observe.js";
import type { Connection, Loaded, Project } from "./pipeline.js";
import { type ReadContext, read } from "./read.js";
import { type ConnectorRegistry, findConnector } from "./registry.js";
import { readRetention } from "./retention.js";
import { checkTimeZone, readCalendar } from "./schedule.js";
import { ProjectFile } from "./schema.js";
import { type SchemaNode, schemaNode } from "./schema-node.js";
import type { SecretsFile } from "./secrets-file.js";
import { isCaseFile, isFile, readSourceFile, showPath } from "./source-file.js";
import { readStorePlace } from "./store-place.js";
import { child, childScalar, type Entry, keyPlace, type MapTree, mergeTrees, parseTree, placeOf, scalarsOf, type Tree } from "./tree.js";

export interface ProjectOptions {
  /** The name given with `--env`. */
  readonly environment?: string | null;
  /** The environment variables secrets are read from. */
  readonly env: ProcessEnvironment;
  readonly connectors: ConnectorRegistry;
  /** No connection will be opened, so that secrets and files of connections need not be on this machine. */
  readonly unopened?: boolean;
}

/** A project as far as it can be used, so that its pipelines can be checked although something in it is wrong. */
export interface ProjectDraft {
  readonly project: Project;
  /** Connections with a problem of their own; nothing more is said about them. */
  readonly broken: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

/** The keys that are read here; channels, logs, metrics and traces have readers of their own, because a mistake in them stops no run. */
const TOP: SchemaNode = (() => {
  const whole = schemaNode(ProjectFile);
  return { ...whole, properties: { ...whole.properties, notify: {}, log: {}, metrics: {}, traces: {} } };
})();

/** Reads `sync.yaml`: one environment chosen, secrets filled in, paths absolute. */
export async function loadProject(file: string, options: ProjectOptions): Promise<Loaded<Project>> {
  const draft = await readProject(file, options);
  const { problems } = draft;
  return draft.project === null || problems.length > 0 ? { value: null, problems } : { value: draft.project, problems };
}

export async function readProject(
  file: string,
  options: ProjectOptions,
): Promise<ProjectDraft | { readonly project: null; readonly problems: readonly Problem[] }> {
  const path = resolve(file);
  const folder = dirname(path);
  const problems: Problem[] = [];
  const tree = readTree(path, folder, problems);
  if (tree === null) return { project: null, problems };
  const settings = read(tree, TOP, { problems }) as Partial<ProjectFile>;
  const environment = chooseEnvironment(tree, options.environment ?? null, problems);
  const zone = childScalar(tree, "timeZone");
  if (zone !== undefined && settings.timeZone !== undefined) checkTimeZone(zone, problems);

  const secrets = new Set<string>();
  const chosen = environment === null ? undefined : settings.environments?.[environment];
  const secretsFile = secretsFileOf(chosen?.secrets ?? settings.secrets, folder);
  const from = await secretSources(tree, secretsFile, options, problems);
  const { connections, broken } = await readConnections(
    laidOver(tree, environment, CONNECTIONS, problems),
    { ...options, from },
    secrets,
    problems,
  );
  const language = settings.language ?? "en";
  const inNotify: Problem[] = [];
  const channels = laidOver(tree, environment, NOTIFY, inNotify);
  const notify = readNotify(channels, { from, language, unopened: options.unopened === true, secrets }, inNotify);
  const own = environment === null ? undefined : child(child(child(tree, "environments"), environment), "store");
  const inStore: Problem[] = [];
  const place = readStorePlace(chosen?.store ?? settings.store, own ?? child(tree, "store"), folder, from, inStore);
  problems.push(...(options.unopened === true ? inStore.filter(({ code }) => !NOT_HERE.includes(code)) : inStore));
  if (place.key !== null) secrets.add(place.key);
  const observing = readObserving(tree, { folder, environment, from, unopened: options.unopened === true, secrets });
  const project: Project = {
    name: settings.project ?? basename(folder),
    folder,
    file: path,
    environment,
    store: place.file,
    storeKey: place.key,
    timeZone: settings.timeZone ?? "Asia/Shanghai",
    language,
    personal: settings.personal ?? "mask",
    calendar: readCalendar(tree, settings.calendar, problems),
    connections,
    approvers: readApprovers(tree, settings.approvers, problems),
    notify,
    retention: readRetention(settings.retention),
    observing,
    pipelineFiles: findPipelineFiles(tree, path, settings.pipelines ?? "pipelines/*.yaml", problems),
    secrets: [...secrets].filter((secret) => secret !== ""),
    secretsFile,
    secretFiles: [...from.files],
  };
  return { project, broken, problems };
}

function readTree(path: string, folder: string, problems: Problem[]): MapTree | null {
  if (!isFile(path)) {
    problems.push(
      problem(
        "CONFIG_NO_PROJECT",
        "there is no project file here",
        { file: showPath(path, folder) },
        "run `sync init`, or start in a folder with a sync.yaml",
      ),
    );
    return null;
  }
  const file = readSourceFile(path, folder, problems);
  if (file === null) return null;
  // Which of its values are secrets is known once they stand under their keys.
  file.isKeysOnly = true;
  const tree = parseTree(file, problems);
  file.isKeysOnly = false;
  if (tree === null || tree.kind === "map") return tree;
  problems.push(problem("CONFIG_WRONG_VALUE", "the file is not a mapping; expected `key: value` lines", placeOf(tree)));
  return null;
}

function chooseEnvironment(tree: MapTree, wanted: string | null, problems: Problem[]): string | null {
  if (wanted === null) return null;
  const environments = child(tree, "environments");
  const known = environments?.kind === "map" ? [...environments.entries.keys()] : [];
  if (known.includes(wanted)) return wanted;
  const close = nearest(wanted, known);
  const at = environments === undefined ? { file: tree.file.name } : placeOf(environments);
  problems.push(
    problem(
      "CONFIG_UNKNOWN_ENVIRONMENT",
      `unknown environment \`${wanted}\`; ${thereAre(known)}`,
      at,
      close === null ? "environments stand in sync.yaml, under `environments`" : `did you mean \`${close}\`?`,
    ),
  );
  return null;
}

// ---------------------------------------------------------------- secrets

function secretsFileOf(written: Partial<SecretsFile> | undefined, folder: string): SecretsFile | null {
  return written?.file === undefined ? null : { file: resolve(folder, written.file), recipients: written.recipients ?? [] };
}

/** The environment, and below it what the encrypted file holds. That is opened only where it has something that is asked for. */
async function secretSources(
  tree: MapTree,
  secretsFile: SecretsFile | null,
  { env, unopened }: ProjectOptions,
  problems: Problem[],
): Promise<SecretSources> {
  const files = new Set<string>();
  if (secretsFile === null || unopened === true || !isFile(secretsFile.file))
    return { env, files, encrypted: secretsFile === null ? "none" : "open" };
  // Its code is loaded with the first project that has such a file.
  const { keysAtHand, missingNames, openSecrets } = await import("./secrets-file.js");
  if (missingNames(tree.file.text, env).length === 0) return { env, files, encrypted: "open" };
  try {
    const keys = keysAtHand(env, process.cwd());
    for (const file of keys.files) files.add(file);
    return { env: { ...Object.fromEntries(await openSecrets(secretsFile.file, keys)), ...defined(env) }, files, encrypted: "open" };
  } catch (cause) {
    if (!(cause instanceof ProblemError)) throw cause;
    const at = placeOf(child(tree, "secrets") ?? tree);
    problems.push(...cause.problems.map(({ code, message, hint }) => problem(code, message, at, hint)));
    return { env, files, encrypted: "locked" };
  }
}

function defined(env: ProcessEnvironment): ProcessEnvironment {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
}

// ---------------------------------------------------------------- connections

/** A mapping of named things that environments can change. */
interface Changeable {
  readonly key: string;
  readonly one: string;
  /** The key that every one of them must have. */
  readonly kind: string;
  readonly unknown: ProblemCode;
}

const CONNECTIONS: Changeable = { key: "connections", one: "connection", kind: "connector", unknown: "CONFIG_UNKNOWN_CONNECTION" };
const NOTIFY: Changeable = { key: "notify", one: "channel", kind: "channel", unknown: "CONFIG_WRONG_VALUE" };

/** The connections, or channels, of the project with those of the environment laid over them. */
function laidOver(tree: MapTree, environment: string | null, { key, one, kind, unknown }: Changeable, problems: Problem[]): MapTree | null {
  const base = asMap(child(tree, key));
  const own = environment === null ? null : asMap(child(child(child(tree, "environments"), environment), key));
  if (own === null) return base;
  for (const entry of own.entries.values()) {
    if (base?.entries.has(entry.key) === true || child(entry.value, kind) !== undefined) continue;
    const known = [...(base?.entries.keys() ?? [])];
    problems.push(
      problem(
        unknown,
        `environment \`${environment}\` changes the ${one} \`${entry.key}\`, which does not exist`,
        keyPlace(entry),
        suggest(entry.key, known, `${one}s`) ?? `add it under \`${key}\``,
      ),
    );
  }
  return base === null ? own : mergeTrees(own, base);
}

function asMap(tree: Tree | undefined): MapTree | null {
  return tree?.kind === "map" ? tree : null;
}

/** What a connection needs on the machine where it is opened. */
const NOT_HERE: readonly ProblemCode[] = ["CONFIG_MISSING_SECRET", "CONFIG_MISSING_FILE"];

async function readConnections(
  tree: MapTree | null,
  options: ProjectOptions & { readonly from: SecretSources },
  secrets: Set<string>,
  problems: Problem[],
): Promise<{ connections: Map<string, Connection>; broken: Set<string> }> {
  const connections = new Map<string, Connection>();
  const broken = new Set<string>();
  for (const entry of tree?.entries.values() ?? []) {
    const own: Problem[] = [];
    const connection = await readConnection(entry, options, secrets, own);
    const told = options.unopened === true ? own.filter(({ code }) => !NOT_HERE.includes(code)) : own;
    if (connection === null || told.length > 0) broken.add(entry.key);
    if (connection !== null) connections.set(entry.key, connection);
    problems.push(...told);
  }
  return { connections, broken };
}

async function readConnection(
  entry: Entry,
  options: ProjectOptions & { readonly from: SecretSources },
  secrets: Set<string>,
  problems: Problem[],
): Promise<Connection | null> {
  const named = childScalar(entry.value, "connector");
  if (entry.value.kind !== "map" || named === undefined) return null;
  // What is written beside a connector that nobody knows may be a secret.
  if (!options.connectors.has(named.text)) hideSecrets(entry.value, { properties: { connector: {} } });
  const connector = await findConnector(named, options.connectors, problems);
  if (connector === null) return null;
  const described = schemaNode(connector.connection);
  hideSecrets(entry.value, { ...described, properties: { ...described.properties, connector: {} } });
  const filled = fillInMap(entry.value, options.from, problems);
  const context: ReadContext = {
    problems,
    onSecret: (tree) => {
      for (const secret of [tree.text, ...(tree.filledIn ?? [])]) secrets.add(secret);
    },
  };
  return { name: entry.key, connector, options: readConnectionOptions(filled, connector, context) };
}

/** The options of a connection as its connector describes them; `connector` itself is not one of them. */
export function readConnectionOptions(tree: MapTree, connector: Connector, context: ReadContext): unknown {
  const entries = new Map(tree.entries);
  entries.delete("connector");
  return read({ ...tree, entries }, schemaNode(connector.connection), context);
}

// ---------------------------------------------------------------- pipeline files

function findPipelineFiles(tree: MapTree, projectFile: string, patterns: string | string[], problems: Problem[]): string[] {
  const folder = dirname(projectFile);
  const files = globSync(patterns, { cwd: folder, absolute: true, onlyFiles: true, expandDirectories: false })
    .map((file) => resolve(file))
    .filter((file) => file !== projectFile && !isCaseFile(file))
    .sort((a, b) => (a < b ? -1 : 1));
  for (const written of scalarsOf(child(tree, "pipelines"))) {
    if (/[*?[\]{}!()]/.test(written.text) || isFile(resolve(folder, written.text))) continue;
    problems.push(
      problem("CONFIG_MISSING_FILE", `there is no pipeline file \`${written.text}\``, placeOf(written), "create it, or correct the path"),
    );
  }
  return files;
}
