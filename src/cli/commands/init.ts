import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import iconv from "iconv-lite";
import { ProblemError, problem } from "../../model/problem.js";
import { EXIT } from "../exit-codes.js";
import type { CommandContext } from "../io.js";
import { SAMPLE_FILES } from "../sample-project.js";

/** Makes a small working project. A file that is already there is never overwritten. */
export async function init(context: CommandContext, _options: object, folder: string | undefined): Promise<number> {
  const { io, cwd } = context;
  const target = resolve(cwd, folder ?? ".");
  const taken = SAMPLE_FILES.filter(({ path }) => path !== ".gitignore" && existsSync(join(target, path)));
  if (taken.length > 0) {
    throw new ProblemError(
      problem(
        "USAGE",
        `\`${target}\` already has ${taken.map(({ path }) => `\`${path}\``).join(", ")}`,
        [],
        "nothing was written: choose an empty folder, for example `sync init my-company`",
      ),
    );
  }
  for (const { path, text, encoding } of SAMPLE_FILES) {
    const file = join(target, path);
    if (existsSync(file)) continue;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, encoding === "utf8" ? text : iconv.encode(text, encoding));
    io.out(`  ${path}\n`);
  }
  io.out("\nnext:\n");
  if (folder !== undefined) io.out(`  cd ${folder}\n`);
  io.out("  sync validate                   check every file\n");
  io.out("  sync plan                       see what would be posted\n");
  io.out("  sync run                        post it into the built-in ledger\n");
  return EXIT.done;
}
