import { spawnSync } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** What `sync run --json` answers, and its exit code. */
export interface RunAnswer {
  readonly code: number;
  readonly status: string;
  readonly counts: {
    readonly read: number;
    readonly posted: number;
    readonly replaced: number;
    readonly reversed: number;
    readonly waiting: number;
  };
}

export interface QuarantineItem {
  readonly kind: "record" | "document";
  readonly key: string;
  readonly document: string | null;
  readonly code: string;
  readonly problem: { readonly message: string };
}

export const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
export const realInput = path.resolve(repository, "../shared/real");

/** A copy of a project in a folder of its own, driven through the built program as a person would. */
export class Project {
  private constructor(
    readonly folder: string,
    /** Where sync.yaml is. */
    private readonly home: string,
    private readonly input: string,
  ) {}

  /** Copies `folders` of the repository; `home` and `input` are paths inside the copy. */
  static copy(folders: Readonly<Record<string, string>>, home: string, input: string): Project {
    const folder = mkdtempSync(path.join(tmpdir(), "sync-real-"));
    for (const [from, to] of Object.entries(folders)) cpSync(path.join(repository, from), path.join(folder, to), { recursive: true });
    mkdirSync(path.join(folder, input), { recursive: true });
    return new Project(folder, path.join(folder, home), path.join(folder, input));
  }

  /** Lays a file into the input folder, an hour old, so that it does not look as if it were still growing. */
  deliver(name: string, content: Buffer): void {
    const file = path.join(this.input, name);
    writeFileSync(file, content);
    const hourAgo = new Date(Date.now() - 3_600_000);
    utimesSync(file, hourAgo, hourAgo);
  }

  /** Adds text to the end of a file of the project, as a person would with an editor. */
  append(file: string, text: string): void {
    appendFileSync(path.join(this.home, file), text);
  }

  call(...args: string[]): { readonly code: number; readonly stdout: string; readonly stderr: string } {
    const { status, stdout, stderr, error } = spawnSync(process.execPath, [path.join(repository, "bin/sync.js"), ...args], {
      cwd: this.home,
      encoding: "utf8",
      maxBuffer: 1 << 30,
      env: { ...process.env, NO_COLOR: "1" },
    });
    if (error) throw error;
    return { code: status ?? -1, stdout, stderr };
  }

  /** The answer of a command in JSON; any exit code but those of "done" and "done, but items wait" is an error. */
  json<T>(...args: string[]): T {
    const { code, stdout, stderr } = this.call(...args, "--json");
    if (code !== 0 && code !== 3)
      throw new Error(`sync ${args.join(" ")} ended with ${code}\n${stdout.slice(0, 4000)}\n${stderr.slice(0, 4000)}`);
    return JSON.parse(stdout) as T;
  }

  run(pipeline: string): RunAnswer {
    const { code, stdout, stderr } = this.call("run", pipeline, "--json");
    if (code !== 0 && code !== 3)
      throw new Error(`sync run ${pipeline} ended with ${code}\n${stdout.slice(0, 4000)}\n${stderr.slice(0, 4000)}`);
    return { ...(JSON.parse(stdout) as Omit<RunAnswer, "code">), code };
  }

  quarantine(pipeline: string): readonly QuarantineItem[] {
    return this.json<QuarantineItem[]>("quarantine", "list", "--pipeline", pipeline);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
