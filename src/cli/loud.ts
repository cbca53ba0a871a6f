import { existsSync, statSync } from "node:fs";
import type { Pipeline, Project } from "../config/pipeline.js";
import { keyFiles, plainWays } from "../config/plain-ways.js";
import { type Problem, problem } from "../model/problem.js";

/** A file that more people may read than should. */
export interface Exposed {
  readonly file: string;
  readonly what: "store" | "secret";
}

/** What every run says aloud, until it is put right: data that travels readable, and files that others may read. */
export function loudNotices(project: Project, pipeline: Pipeline): Problem[] {
  const ends = [pipeline.source, pipeline.target];
  const ways = ends.flatMap(({ name, connectionOptions }) => plainWays(connectionOptions).map((host) => ({ name, host })));
  const told = new Map(ways.map(({ name, host }) => [`${name} ${host}`, insecureProblem(`connection \`${name}\``, host)]));
  return [...told.values(), ...exposedFiles(project).map(exposedProblem)];
}

export function insecureProblem(what: string, host: string): Problem {
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
