import { userInfo } from "node:os";
import { CommanderError } from "commander";
import { EXIT, exitOfProblem } from "../../src/cli/exit-codes.js";
import type { CommandContext } from "../../src/cli/io.js";
import { buildProgram } from "../../src/cli/program.js";
import { reportProblems } from "../../src/cli/render/report-problems.js";
import { ProblemError } from "../../src/model/problem.js";

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line without a process of its own, on a screen of 80 by 24 and with a clock that stands still, or one that is given. */
export async function command(
  cwd: string,
  now: Date,
  args: readonly string[],
  {
    terminal = false,
    rows = 24,
    clock = {},
    env = {},
  }: {
    readonly terminal?: boolean;
    readonly rows?: number;
    readonly clock?: Partial<Pick<CommandContext, "now" | "sleep" | "actor">>;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<Said> {
  let out = "";
  let err = "";
  const context: CommandContext = {
    io: {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      outIsTerminal: terminal,
      errIsTerminal: false,
      columns: 80,
      rows,
    },
    cwd,
    env: { PAGER: "", ...env },
    now: () => now,
    actor: "li.na",
    ...clock,
  };
  let code: number = EXIT.done;
  const program = buildProgram(context, "0.0.0", (given) => {
    code = given;
  });
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (cause) {
    if (cause instanceof CommanderError) code = cause.exitCode === 0 ? EXIT.done : EXIT.usage;
    else if (cause instanceof ProblemError) {
      reportProblems(context, cause.problems, { json: args.includes("--json"), color: false });
      code = exitOfProblem((cause.problems[0] ?? { code: "USAGE" as const }).code);
    } else throw cause;
  }
  return { code, out, err };
}

/** The same now, by the clock of this machine: what the built program would say in that folder. */
export function typed(cwd: string, ...args: string[]): Promise<Said> {
  return command(cwd, new Date(), args, { clock: { now: () => new Date(), actor: userInfo().username } });
}
