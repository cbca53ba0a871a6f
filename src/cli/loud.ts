import { existsSync, statSync } from "node:fs";
import type { Pipeline, Project } from "../config/pipeline.js";
import { keyFiles, plainWays } from "../config/plain-ways.js";
import { type Problem, problem } from "../model/problem.js";

/** A file that more people may read than should. */
export interface Exposed {
  readonly file: string;
  readonly what: "store" | "secret";
}

/** A way on which data travels readable to another machine. */
interface Plain {
  /** What `sync doctor` looks at. */
  readonly check: string;
  readonly problem: Problem;
}

/** What every run says aloud, until it is put right: data that travels readable, and files that others may read. */
export function loudNotices(project: Project, pipeline: Pipeline): Problem[] {
  return [...plainPlaces(project, [pipeline]).map((each) => each.problem), ...exposedFiles(project).map(exposedProblem)];
}

/** Both ends of these pipelines, and where the project tells people and machines what happens; each host once. */
export function plainPlaces({ notify, observing }: Project, pipelines: readonly Ends[]): Plain[] {
  const ends = pipelines.flatMap(({ source, target }) => [source, target]);
  const places = [
    ...ends.map(({ name, connectionOptions }) => ({
      check: `connection ${name}`,
      what: `connection \`${name}\``,
      options: connectionOptions,
    })),
    ...notify.channels.map(({ name, settings }) => ({ check: `channel ${name}`, what: `channel \`${name}\``, options: settings.options })),
    { check: "metrics", what: "`metrics.push`", options: observing.metrics?.push },
    { check: "traces", what: "`traces`", options: observing.traces },
  ];
  const ways = places.flatMap(({ check, what, options }) =>
    plainWays(options).map((host) => [`${check} ${host}`, { check, problem: insecureProblem(what, host) }] as const),
  );
  return [...new Map(ways).values()];
}

type Ends = Pick<Pipeline, "source" | "target">;

function insecureProblem(what: string, host: string): Problem {
  return problem(
    "CONFIG_INSECURE",
    `${what} talks to ${host} without encryption, as \`insecure: true\` allows: everybody on the way can read and change what is sent`,
    [],
    "have the other side offer TLS, and take `insecure` out",
  );
}

export function exposedProblem({ file, what }: Exposed): Problem {
  const found =
    what === "store"
      ? `others on this machine may read the store \`${file}\``
      : `others on this machine may read \`${file}\`, which holds a secret`;
  return problem("CONFIG_EXPOSED", found, [], `chmod ${what === "store" ? "600" : "o-rwx"} ${file}`);
}

/**
 * The store is its owner's alone. A secret may belong to a group, as system services have it; what everybody may read is none. POSIX permissions
 * only: elsewhere nothing is said.
 */
export function exposedFiles({ store, secretFiles, connections }: Project, platform: NodeJS.Platform = process.platform): Exposed[] {
  if (platform === "win32") return [];
  const keys = [...connections.values()].flatMap(({ options }) => keyFiles(options));
  const secrets = [...new Set([...secretFiles, ...keys])].filter((file) => isOpenTo(file, 0o007));
  return [
    ...(isOpenTo(store, 0o077) ? [{ file: store, what: "store" } as const] : []),
    ...secrets.map((file) => ({ file, what: "secret" }) as const),
  ];
}

function isOpenTo(file: string, others: number): boolean {
  return existsSync(file) && (statSync(file).mode & others) !== 0;
}
