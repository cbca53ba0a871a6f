import type { Command } from "commander";
import type { Tools } from "./program-memory.js";

/** The commands that deal with when pipelines run. */
export function addSchedule(program: Command, { command, common, logged, does }: Tools): void {
  const schedule = command(program, "schedule", "when pipelines run, as their `schedule` says");
  const show = common(
    command(
      schedule,
      "show",
      "the next runs of each pipeline, in its time zone and as UTC",
      "sync schedule show",
      "sync schedule show --count 10 --json",
    ),
  );
  show.option("--count <n>", "runs of each", "3");
  does(show, async () => (await import("./commands/schedule.js")).show);
  const print = common(
    command(
      schedule,
      "print",
      "the files for the scheduler of the machine: cron, systemd or Kubernetes",
      "sync schedule print --cron",
      "sync schedule print --systemd --out units",
      "sync schedule print --k8s --image registry.example.com/erp-sync:0.1.0 > cronjobs.yaml",
    ),
  );
  print
    .option("--cron", "lines for a crontab")
    .option("--systemd", "a service and a timer for each pipeline")
    .option("--k8s", "a CronJob for each pipeline")
    .option("--image <name>", "with `--k8s`: the container image in which `erp-sync` can be started")
    .option("--claim <name>", "with `--k8s`: the persistent volume claim that holds the project and its store", "erp-sync")
    .option("--out <folder>", "write the files into this folder instead of standard output");
  does(print, async () => (await import("./commands/schedule.js")).print);

  const watch = common(
    command(
      program,
      "watch",
      "run pipelines as their schedules say, in the foreground, where the machine has no scheduler",
      "sync watch",
      "sync watch --quiet --max-duration 4h",
    ),
  );
  watch
    .option("--max-duration <time>", "stop the runs that begin together after this time, after finishing what was sent")
    .option("--quiet", "no progress; only problems and the summaries");
  logged(watch);
  does(watch, async () => (await import("./commands/watch.js")).watch);
}
