import { Argument, Command, Option } from "commander";
import type { CommandContext } from "./io.js";
import { type Action, addMemory, type Tools } from "./program-memory.js";
import { addSchedule } from "./program-schedule.js";

/** The configuration that knows them too is not loaded for `--help`. */
const LOG_LEVELS = ["error", "warn", "info", "debug"];

/** The command line. A command's code is loaded when it is used, so that `--help` loads nothing. */
export function buildProgram(context: CommandContext, version: string, setExitCode: (code: number) => void): Command {
  const program = new Command("sync")
    .description(
      "Moves approved expenses, invoices and master data into ERPs, as YAML pipelines say: every document exactly once, or on a list that says why not.",
    )
    .version(version, "--version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand(false)
    .configureOutput({ writeOut: context.io.out, writeErr: context.io.err })
    .configureHelp({ showGlobalOptions: false })
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError("(add --help for examples)")
    .addHelpText(
      "after",
      example(
        "sync init demo && cd demo",
        "sync validate",
        "sync test",
        "sync plan expense-to-gl",
        "sync run expense-to-gl",
        "sync quarantine list",
      ) +
        "\nExit codes: 0 done, 1 error, 2 usage or configuration, 3 done but items wait, 4 threshold, 5 in doubt,\n6 another run holds the pipeline, 7 a plan is stale, changed or not approved,\n9 stopped by --max-duration, 130/143 stopped by SIGINT/SIGTERM after finishing what was sent.\n",
    );

  const described = (made: Command, about: string, ...examples: string[]): Command => {
    made.description(about).helpOption("-h, --help", "print help").helpCommand(false);
    if (examples.length > 0) made.addHelpText("after", example(...examples));
    return made;
  };
  const command: Tools["command"] = (parent, name, about, ...examples) => described(parent.command(name), about, ...examples);
  const common: Tools["common"] = (made) =>
    made
      .addOption(new Option("--project <file>", "the sync.yaml to use").argParser(String))
      .addOption(new Option("--env <name>", "environment of sync.yaml, such as uat"))
      .addOption(new Option("--json", "print the result as JSON"))
      .addOption(new Option("--no-color", "no colours"));
  const personal: Tools["personal"] = (made) => made.option("--show-personal", "show personal fields whole, which are masked otherwise");
  const logged: Tools["logged"] = (made) =>
    made
      .addOption(
        new Option("--log-level <level>", "log what happens, from this level on, as `log` of sync.yaml says or to stderr").choices(
          LOG_LEVELS,
        ),
      )
      .option("--log-file <file>", "log to this file");
  const does: Tools["does"] = <O>(made: Command, load: () => Promise<Action<O>>): void => {
    made.action(async (...args: unknown[]) => {
      const names = args.slice(0, -2) as (string | undefined)[];
      const run = await load();
      setExitCode(await run(context, made.optsWithGlobals() as O, ...names));
    });
  };

  const init = command(
    program,
    "init",
    "make a small working project: pipeline, record schema, lookup, sample export",
    "sync init",
    "sync init my-company",
  );
  init.addArgument(new Argument("[folder]", "where; the current folder when left out"));
  does(init, async () => (await import("./commands/init.js")).init);

  const validate = common(
    command(
      program,
      "validate",
      "check every file of the project and report all problems at once",
      "sync validate",
      "sync validate --json",
    ),
  );
  does(validate, async () => (await import("./commands/validate.js")).validate);

  const test = common(
    command(
      program,
      "test",
      "run the cases beside pipelines: what comes of their rows, compared with what they expect; nothing is opened or sent",
      "sync test",
      "sync test expense-to-gl",
      "sync test --update",
      "sync test --junit results.xml",
    ),
  );
  test
    .addArgument(new Argument("[pipelines...]", "their names; all when left out"))
    .option("--update", "write what came out into the cases, as what is expected from now on")
    .option("--junit <file>", "also write the results as JUnit XML, for CI systems");
  does(test, async () => (await import("./commands/test.js")).test);

  const plan = common(
    command(
      program,
      "plan",
      "show what a run would post, document by document, and send nothing",
      "sync plan expense-to-gl",
      "sync plan expense-to-gl --limit 200",
      "sync plan expense-to-gl --json > plan.json",
      "sync plan expense-to-gl --out november.plan --html november.html",
      "sync plan --from november.plan --html november.html --lang zh",
    ),
  );
  personal(plan)
    .addArgument(new Argument("[pipeline]", "its name; may be left out when there is only one"))
    .option("--full", "read everything again, also what was read before")
    .option("--verify", "compare everything that was posted with what the target holds, where it can be read")
    .option("--limit <n>", "documents to show", "20")
    .option("--no-pager", "print it at once, also where it is longer than the screen")
    .option("--out <file>", "save the plan, so that exactly it can be approved and applied")
    .option("--html <file>", "write it as a page for whoever must approve it")
    .option("--xlsx <file>", "write it as a workbook")
    .option("--from <file>", "show a plan that was saved, instead of making one")
    .addOption(
      new Option("--lang <language>", "language of what is shown and written; that of the project when left out").choices(["en", "zh"]),
    )
    .option("--detailed-exitcode", "exit 8 when there is something to post, 0 when there is not")
    .option("--quiet", "no progress");
  logged(plan);
  does(plan, async () => (await import("./commands/plan.js")).plan);

  const run = common(
    command(
      program,
      "run",
      "read, map, post: one run of a pipeline, or of several, each after those it needs",
      "sync run expense-to-gl",
      "sync run --all --quiet",
      "sync run --tag nightly --max-duration 2h",
      "sync run expense-to-gl --full",
    ),
  );
  run
    .addArgument(new Argument("[pipelines...]", "their names; may be left out when there is only one"))
    .option("--all", "every pipeline of the project, one after the other")
    .option("--tag <name>", "every pipeline with this tag; may be given several times", (name: string, all: string[] = []) => [
      ...all,
      name,
    ])
    .option("--full", "read everything again, also what was read before")
    .option("--verify", "compare everything that was posted with what the target holds, where it can be read")
    .option("--max-duration <time>", "stop after this time, such as `2h`, after finishing what was sent; the next run goes on")
    .option("--if-scheduled", "only where a run is due by the schedule and was not made; otherwise say so and exit 0")
    .option("--clock-is-right", "the clock is right, although it is behind the time at which the last run began")
    .option("--jitter", "with `--if-scheduled`: wait first, as the jitter of the schedule asks")
    .option("--quiet", "no progress; only problems and the summary");
  logged(run);
  does(run, async () => (await import("./commands/run.js")).run);

  const approve = common(
    command(
      program,
      "approve",
      "approve a saved plan: with your key, or as the operating-system user that the project knows",
      "sync approve november.plan --key li.na.key",
      'sync approve november.plan --reason "compared with the payroll"',
    ),
  );
  approve
    .addArgument(new Argument("<file>", "the plan"))
    .option("--key <file>", "your private key, as `sync keys new` wrote it")
    .option("--passphrase-file <file>", "the file with its passphrase, where it has one")
    .option("--reason <text>", "why, or what was looked at; kept with the approval");
  does(approve, async () => (await import("./commands/approve.js")).approve);

  const apply = common(
    command(
      program,
      "apply",
      "post exactly what a saved plan has; what changed since is left out and listed",
      "sync apply november.plan",
      "sync apply november.plan --json",
    ),
  );
  logged(apply).addArgument(new Argument("<file>", "the plan")).option("--quiet", "no progress; only problems and the summary");
  does(apply, async () => (await import("./commands/apply.js")).apply);

  const keys = command(program, "keys", "keys to approve plans with");
  const keysNew = command(
    keys,
    "new",
    "make a pair of keys; the public one goes into sync.yaml",
    "sync keys new li.na",
    "sync keys new li.na --out ~/li.na.key",
  );
  keysNew
    .addArgument(new Argument("<name>", "whose: the name under `approvers` of sync.yaml"))
    .option("--out <file>", "where the private key is written; NAME.key when left out")
    .option("--passphrase-file <file>", "encrypt it with the passphrase in this file")
    .option("--json", "print the result as JSON");
  does(keysNew, async () => (await import("./commands/keys.js")).newKeys);

  const reconcile = common(
    command(
      program,
      "reconcile",
      "compare the source, what was posted, and what the target holds, document by document and by account; sends and changes nothing",
      "sync reconcile expense-to-gl",
      "sync reconcile expense-to-gl --period 2026-11",
      "sync reconcile expense-to-gl --period 2026-11 --csv > 2026-11.csv",
    ),
  );
  personal(reconcile)
    .addArgument(new Argument("[pipeline]", "its name; may be left out when there is only one"))
    .option("--period <yyyy-mm>", "only documents of this month")
    .option("--limit <n>", "documents to show in each list", "20")
    .option("--csv", "print the documents that differ or wait, and the account totals, as CSV")
    .option("--quiet", "no progress");
  does(reconcile, async () => (await import("./commands/reconcile.js")).reconcile);

  const recover = common(
    command(
      program,
      "recover",
      "rebuild the store's postings from the target, after the store was lost or restored; sends nothing",
      "sync recover expense-to-gl",
    ),
  );
  recover
    .addArgument(new Argument("[pipeline]", "its name; may be left out when there is only one"))
    .option("--as-wanted", "the target holds what is wanted now, where it cannot tell itself; say so only after comparing")
    .option("--quiet", "no progress");
  logged(recover);
  does(recover, async () => (await import("./commands/recover.js")).recover);

  const resolve = common(
    command(
      program,
      "resolve",
      "say what became of a document whose answer was lost, where the target cannot be asked",
      'sync resolve BX26110012 --posted "记-0123" --reason "seen in the ledger"',
      'sync resolve BX26110012 --not-posted --reason "not in the ledger on the 24th"',
    ),
  );
  resolve
    .addArgument(new Argument("<key>", "document key"))
    .option("--posted <number>", "it is in the target under this number")
    .option("--not-posted", "it is not in the target")
    .requiredOption("--reason <text>", "how you know; kept in the audit log")
    .option("--pipeline <name>", "of this pipeline");
  does(resolve, async () => (await import("./commands/resolve.js")).resolve);

  const status = common(
    command(
      program,
      "status",
      "all pipelines in one screen: last runs, how old the data is, what waits and why, money in limbo, who is at work",
      "sync status",
      "sync status --json",
    ),
  );
  status.option("--all", "every pipeline, also where that is longer than the screen");
  does(status, async () => (await import("./commands/status.js")).status);

  const doctor = common(
    command(
      program,
      "doctor",
      "look at everything a night needs: clock, disk, permissions, store, certificates, whether somebody starts the runs, both ends of each pipeline",
      "sync doctor",
      "sync doctor --offline",
    ),
  );
  doctor.option("--offline", "ask no server and read no source");
  does(doctor, async () => (await import("./commands/doctor.js")).doctor);

  const show = common(
    command(
      program,
      "show",
      "one document: what its records come to, how it is posted, and why each account",
      "sync show BX26110012",
      "sync show BX26110012 --why",
    ),
  );
  personal(show)
    .addArgument(new Argument("<key>", "document key"))
    .option("--why", "which rule of the pipeline, which row of a lookup and which record gave each account")
    .option("--pipeline <name>", "of this pipeline");
  does(show, async () => (await import("./commands/show.js")).show);

  const runs = command(
    program,
    "runs",
    "past runs, and the story of one",
    "sync runs",
    "sync runs expense-to-gl --limit 5",
    "sync runs show last expense-to-gl",
    "sync runs show 12",
  );
  const listRuns = common(
    described(
      runs.command("list", { isDefault: true }),
      "past runs, newest first; `list` may be left out",
      "sync runs",
      "sync runs expense-to-gl --limit 5",
    ),
  );
  listRuns
    .addArgument(new Argument("[pipeline]", "only of this pipeline; a number tells the story of that run"))
    .option("--pipeline <name>", "only of this pipeline")
    .option("--limit <n>", "how many", "20");
  does(listRuns, async () => (await import("./commands/runs.js")).list);
  const showRun = common(
    command(
      runs,
      "show",
      "the story of one run: who started it, what it read, sent and was answered, what waits and why, how it ended",
      "sync runs show",
      "sync runs show last expense-to-gl",
      "sync runs show 12 --limit 500",
    ),
  );
  showRun
    .addArgument(new Argument("[run]", "its number, or `last`; the last run when left out"))
    .addArgument(new Argument("[pipeline]", "the last run of this pipeline"))
    .option("--limit <n>", "documents to show in each list", "20");
  does(showRun, async () => (await import("./commands/runs.js")).show);

  addMemory(program, { command, common, personal, logged, does });
  addSchedule(program, { command, common, personal, logged, does });

  const notify = command(program, "notify", "the channels by which runs tell people what changed");
  const notifyTest = common(
    command(notify, "test", "send a message that says it is a test", "sync notify test", "sync notify test finance-group"),
  );
  notifyTest.addArgument(new Argument("[channel]", "its name under `notify` of sync.yaml; all when left out"));
  does(notifyTest, async () => (await import("./commands/notify.js")).test);

  const connectorsCommand = command(program, "connectors", "what the program can talk to");
  const listConnectors = common(command(connectorsCommand, "list", "all connectors", "sync connectors list"));
  does(listConnectors, async () => (await import("./commands/connectors.js")).list);
  const checkConnector = common(
    command(
      connectorsCommand,
      "check",
      "try a connection: show the first records it delivers, ask the target a question; nothing is posted or remembered",
      "sync connectors check exports",
      "sync connectors check expense-to-gl --limit 20",
    ),
  );
  personal(checkConnector)
    .addArgument(new Argument("<name>", "a connection of sync.yaml, or a pipeline"))
    .option("--limit <n>", "records to show", "5");
  does(checkConnector, async () => (await import("./commands/check.js")).check);

  const explain = command(
    program,
    "explain",
    "what a problem code means, why it matters and how to mend it, with the smallest input that causes it; without a code: list them all",
    "sync explain",
    "sync explain RECORD_INVALID",
    "sync explain record_invalid --lang zh",
  );
  explain
    .addArgument(new Argument("[code]", "the code of a problem, in capital or small letters"))
    .addOption(
      new Option("--lang <language>", "language of the page; that of the project here when left out, else English").choices(["en", "zh"]),
    )
    .addOption(new Option("--json", "print the result as JSON"))
    .addOption(new Option("--no-color", "no colours"));
  does(explain, async () => (await import("./commands/explain.js")).explain);

  const sandbox = command(
    program,
    "sandbox",
    "serve stand-ins of systems to rehearse with, on this machine, until Ctrl-C; without a name: list them",
    "sync sandbox",
    "sync sandbox hesi",
    "sync sandbox hesi kingdee",
    "sync sandbox hesi --state hesi.state --seed 7",
    'sync sandbox hesi --fault "lose 5%" --fault "429 retry-after 1 3%"',
  );
  sandbox
    .addArgument(new Argument("[name...]", "which systems"))
    .option("--host <address>", "where it listens", "127.0.0.1")
    .option("--port <n>", "0 is any that is free; each system has one of its own when left out")
    .option("--state <file>", "keeps what it holds in this file, of several in a folder of this name; without it, everything ends with it")
    .option("--seed <n>", "another seed, another company and other chances", "1")
    .option("--fault <text>", "how it misbehaves; may be given several times", (text: string, all: string[]) => [...all, text], [])
    .addOption(new Option("--json", "print the result as JSON"));
  does(sandbox, async () => (await import("./commands/sandbox.js")).sandbox);
  return program;
}

function example(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}\n`).join("")}`;
}
