import { userInfo } from "node:os";
import { CommanderError } from "commander";
import { ProblemError } from "../model/problem.js";
import { storeFailure } from "../store/failure.js";
import { EXIT, exitOfProblem } from "./exit-codes.js";
import type { CommandContext, Io } from "./io.js";
import { buildProgram } from "./program.js";
import { programVersion } from "./version.js";

const io: Io = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  outIsTerminal: process.stdout.isTTY === true,
  errIsTerminal: process.stderr.isTTY === true,
  // Progress goes to stderr, which may be a terminal where stdout is a file.
  columns: process.stdout.columns ?? process.stderr.columns ?? 100,
  rows: process.stdout.rows ?? 40,
};

const secrets = new Set<string>();

/** Runs one command line and returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const actor = operatingSystemUser();
  const context: CommandContext = { io, cwd: process.cwd(), env: process.env, now: () => new Date(), actor, secrets };
  let exitCode: number = EXIT.done;
  const program = buildProgram(context, programVersion(), (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (raw) {
    const cause = storeFailure("store", raw);
    if (cause instanceof CommanderError) return cause.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (cause instanceof ProblemError) {
      const { reportProblems } = await import("./render/report-problems.js");
      reportProblems(context, cause.problems, { json: args.includes("--json"), color: !args.includes("--no-color") });
      return exitOfProblem((cause.problems[0] ?? { code: "USAGE" as const }).code);
    }
    await crash(cause);
    return EXIT.error;
  }
}

async function crash(cause: unknown): Promise<void> {
  const { crashText } = await import("./render/crash.js");
  io.err(crashText(cause, secrets));
}

/** A container may run under a number that has no name. */
function operatingSystemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}

// A reader that stops early, such as `head`, is no error.
process.stdout.on("error", (cause: NodeJS.ErrnoException) => {
  if (cause.code === "EPIPE") process.exit(EXIT.done);
  throw cause;
});

// What is thrown where nobody waits for it.
process.on("uncaughtException", (cause) => void crash(cause).finally(() => process.exit(EXIT.error)));

process.exitCode = await main(process.argv.slice(2));
