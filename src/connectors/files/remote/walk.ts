import { ProblemError, problem } from "../../../model/problem.js";
import { compareKeys } from "../../../model/record.js";
import { nameMatcher } from "../name-matcher.js";
import { refuseOption } from "../options.js";
import type { ListedFile } from "../storage.js";
import { type FileServer, MOST_ENTRIES } from "./server.js";

const MOST_LEVELS = 32;

/** Every file of a server that matches, each once. What the server calls them is believed only as far as it is a plain name. */
export async function walk(server: FileServer, patterns: readonly string[]): Promise<ListedFile[]> {
  const plain = patterns.map((pattern) => plainPattern(pattern));
  const matcher = nameMatcher(plain);
  const files = new Map<string, ListedFile>();
  const folders = [""];
  let seen = 0;
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    for (const { name, kind, size, version } of await server.entries(folder)) {
      seen += 1;
      if (seen > MOST_ENTRIES) throw tooMany(server, `more than ${MOST_ENTRIES} files`);
      if (isTrap(name)) throw unusable(server, name);
      const unit = folder === "" ? name : `${folder}/${name}`;
      if (kind === "folder") {
        if (!matcher.mayHold(unit)) continue;
        if (/[\\\p{Cc}]/u.test(name)) throw unusable(server, name);
        if (unit.split("/").length > MOST_LEVELS) throw tooMany(server, `more than ${MOST_LEVELS} levels of folders`);
        folders.push(unit);
        continue;
      }
      if (!matcher.isWanted(unit)) continue;
      if (/[\\\p{Cc}]/u.test(name)) throw unusable(server, name);
      const state = server.exact === undefined ? { size, version } : await server.exact(unit, { size, version });
      if (state !== null) files.set(unit, { unit, ...state });
    }
  }
  return [...files.values()].sort((left, right) => compareKeys(left.unit, right.unit));
}

/** No server has an entry of such a name; one that says so is broken, or wants us to reach for something else. */
function isTrap(name: string): boolean {
  return name === "" || name === "." || name === ".." || name.includes("/") || name.includes("\0");
}

function plainPattern(pattern: string): string {
  const [, sign = "", path = ""] = /^(!?)(?:\.\/)*(.*)$/s.exec(pattern) ?? [];
  if (path.startsWith("/") || path.split("/").includes(".."))
    refuseOption(
      "CONFIG_WRONG_VALUE",
      `\`files\` leaves the folder of the connection: \`${pattern}\``,
      "patterns start there; name another `folder` in sync.yaml",
    );
  return `${sign}${path}`;
}

/** Names of a server, so that what they hide can be seen. */
export function shownName(name: string): string {
  return JSON.stringify(name).slice(1, -1).slice(0, 200);
}

function unusable(server: FileServer, name: string): ProblemError {
  return new ProblemError(
    problem(
      "SOURCE_NAME",
      `\`${server.name}\` lists an entry whose name cannot be used, \`${shownName(name)}\`; nothing was read`,
      { file: server.name },
      "have it renamed or removed there; where the name would lead out of its folder, ask the server's owner who put it there",
    ),
  );
}

function tooMany(server: FileServer, found: string): ProblemError {
  return new ProblemError(
    problem(
      "SOURCE_TOO_LARGE",
      `\`${server.name}\` has ${found}`,
      { file: server.name },
      "name the folder that holds the files, and patterns without `**`",
    ),
  );
}
