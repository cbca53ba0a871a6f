import { describe, expect, test } from "vitest";
import { aFolder, load, PIPELINE, told } from "./project-folder.js";

async function problemsOf(schedule: string, project = ""): Promise<string[]> {
  const files = {
    "pipelines/expense.yaml": `${PIPELINE}${schedule}`,
    "sync.yaml": `project: demo\n${project}connections:\n  books: { connector: ledger, file: books.db, chart: chart.csv }\n`,
  };
  return told((await load(aFolder(files))).problems);
}

describe("`schedule` of a pipeline", () => {
  test("is read with the zone and the calendar of the project", async () => {
    const schedule = 'schedule:\n  cron: 30 2 * * *\n  only: last day of month\n  except: [days off, "12-25"]\n  jitter: 20m\n';
    const project = "timeZone: Europe/London\ncalendar:\n  holidays: [2026-12-24..2026-12-31]\n";
    const files = {
      "pipelines/expense.yaml": `${PIPELINE}${schedule}`,
      "sync.yaml": `${project}connections:\n  books: { connector: ledger, file: books.db, chart: chart.csv }\n`,
    };
    const { pipelines, problems } = await load(aFolder(files));
    expect(told(problems)).toEqual([]);
    expect(pipelines[0]?.schedule).toMatchObject({
      timeZone: "Europe/London",
      only: [{ text: "last day of month" }],
      except: [{ text: "days off" }, { text: "12-25" }],
      jitterMs: 1_200_000,
      calendar: { holidays: [{ from: "2026-12-24", to: "2026-12-31" }], workdays: [] },
    });
  });

  test("decides nothing of what is posted", async () => {
    const [plain] = (await load(aFolder())).pipelines;
    const [scheduled] = (await load(aFolder({ "pipelines/expense.yaml": `${PIPELINE}schedule: { cron: 0 1 * * * }\n` }))).pipelines;
    expect(plain?.schedule).toBeNull();
    expect(scheduled?.fingerprint).toBe(plain?.fingerprint);
  });

  test("tells mistakes where they stand", async () => {
    expect(await problemsOf("schedule:\n  cron: 30 26 * * *\n")).toEqual([
      "CONFIG_WRONG_VALUE pipelines/expense.yaml:18:12 `26` is no hour; expected `*`, or 0 to 23, with `,`, `-` and `/`",
    ]);
    expect(await problemsOf("schedule:\n  cron: 30 2 * * *\n  timeZone: Europe/Lodnon\n  only: [last day of moth]\n")).toEqual([
      "CONFIG_WRONG_VALUE pipelines/expense.yaml:19:13 unknown time zone `Europe/Lodnon`; expected an IANA name",
      "CONFIG_WRONG_VALUE pipelines/expense.yaml:20:10 `last day of moth` is no rule for days",
    ]);
    expect(await problemsOf("schedule:\n  cron: 0 * * * *\n  jitter: 90m\n")).toEqual([
      "CONFIG_WRONG_VALUE pipelines/expense.yaml:19:11 `jitter` is `90m`, and runs come within 60 minutes of each other",
    ]);
    expect(await problemsOf("schedule: { timeZone: Asia/Shanghai }\n")).toEqual([
      "CONFIG_MISSING_KEY pipelines/expense.yaml:17:1 key `cron` is missing",
    ]);
  });

  test("a calendar tells days that do not exist", async () => {
    expect(await problemsOf("", "calendar:\n  holidays: [2026-02-30]\n  workdays: [2026-10-10, monday]\n")).toEqual([
      "CONFIG_WRONG_VALUE sync.yaml:3:14 `2026-02-30` names no days; expected a date, or two with `..` between them",
      "CONFIG_WRONG_VALUE sync.yaml:4:26 `monday` names no days; expected a date, or two with `..` between them",
    ]);
  });
});
