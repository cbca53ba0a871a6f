import { type ChildProcessByStdio, spawn } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { type Problem, ProblemError, problem } from "../../model/problem.js";
import { Redaction } from "../http/redaction.js";
import type { SingerConnection } from "./options.js";

/** Of our own environment a tap sees only what a program needs to start; the rest may hold secrets of other systems. */
const PASSED_ON = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "SystemRoot", "PATHEXT"];
/** Lines of its log that are kept for the message about its end. */
const LOG_LINES = 8;
const LOG_LINE_LENGTH = 2_000;
/** After SIGTERM a tap has this long to end by itself. */
const GRACE_MS = 5_000;
/** Shorter values of the configuration are switches and codes; covering them would make every message unreadable. */
const SHORTEST_SECRET = 6;

export type TapProcess = ChildProcessByStdio<null, Readable, Readable>;

interface TapSettings {
  readonly connection: SingerConnection;
  /** Where it runs. */
  readonly folder: string;
  readonly idleMs: number;
  readonly signal: AbortSignal;
}

/** A tap's program with a private folder for the files it is given. */
export class Tap {
  /** What problems call it. */
  readonly name: string;
  private readonly redaction = new Redaction();
  private folder: string | null = null;

  constructor(private readonly settings: TapSettings) {
    const { command, config, environment } = settings.connection;
    this.name = (command[0] as string).split(/[\\/]/).pop() ?? "";
    for (const secret of [...textsOf(config), ...textsOf(environment)]) if (secret.length >= SHORTEST_SECRET) this.redaction.hide(secret);
  }

  /** A file that only this user can read, until `dispose`. */
  async file(name: string, content: string): Promise<string> {
    if (this.folder === null) {
      this.folder = await mkdtemp(join(tmpdir(), "erp-sync-tap-"));
      await chmod(this.folder, 0o700);
    }
    const path = join(this.folder, name);
    await writeFile(path, content, { mode: 0o600 });
    return path;
  }

  /** The arguments that name its configuration; none where it has none. */
  async configuration(): Promise<string[]> {
    const { config, config_file: file } = this.settings.connection;
    if (file !== undefined) return ["--config", file];
    return ["--config", await this.file("config.json", JSON.stringify(config ?? {}))];
  }

  /**
   * Everything it writes to standard output, in pieces. Throws ProblemError when it cannot be started, fails, or says nothing for too long;
   * ends early, without a word, when the run is asked to stop.
   */
  async *output(args: readonly string[]): AsyncGenerator<string> {
    const { connection, folder, idleMs, signal } = this.settings;
    const [program, ...fixed] = connection.command as [string, ...string[]];
    const env = { ...ownEnvironment(), ...connection.environment };
    const child = spawn(program, [...fixed, ...args], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"], windowsHide: true });
    const ended = endOf(child);
    let isIdle = false;
    let timer: NodeJS.Timeout | undefined;
    const stop = (): void => endChild(child);
    const stirs = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        isIdle = true;
        stop();
      }, idleMs);
    };
    const log = new TapLog();
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stirs();
      log.add(text);
    });
    signal.addEventListener("abort", stop);
    stirs();
    try {
      child.stdout.setEncoding("utf8");
      try {
        for await (const text of child.stdout) {
          // While what it said is being taken in, it may have to wait for us.
          clearTimeout(timer);
          yield text as string;
          if (signal.aborted) return;
          stirs();
        }
      } catch (error) {
        // We closed its output ourselves.
        if (!isIdle && !signal.aborted) throw error;
      }
      const end = await ended;
      if (signal.aborted) return;
      if (isIdle)
        throw new ProblemError(this.failed(`said nothing for ${idleMs / 1000} s and was ended`, log, "if it needs longer, raise `idle`"));
      if (end.error !== null) throw new ProblemError(this.notStarted(end.error));
      if (end.code !== 0)
        throw new ProblemError(this.failed(end.code === null ? `was ended by ${end.signal}` : `ended with exit code ${end.code}`, log));
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      stop();
      await ended;
    }
  }

  /** Text of the tap without secrets and control characters. */
  shown(text: string): string {
    return this.redaction.show(text);
  }

  async dispose(): Promise<void> {
    if (this.folder !== null) await rm(this.folder, { recursive: true, force: true });
    this.folder = null;
  }

  private failed(what: string, log: TapLog, hint?: string): Problem {
    const words = log.lines.map((line) => this.redaction.show(line)).filter((line) => line !== "");
    const said = words.length === 0 ? "it wrote nothing to its log" : `its log ends: ${words.join(" / ")}`;
    return problem(
      "SOURCE_UNREADABLE",
      `the tap \`${this.name}\` ${what}; ${said}`,
      [],
      hint ?? "nothing was taken from it; what it needs in `config` stands in its own documentation",
    );
  }

  private notStarted(error: NodeJS.ErrnoException): Problem {
    const reason = error.code === "ENOENT" ? "no such program, or no such folder to run it in" : (error.code ?? "unknown reason");
    return problem(
      "SOURCE_UNREADABLE",
      `the tap \`${this.name}\` cannot be started: ${reason}`,
      [],
      "install it, or give the whole path of its program under `command` of the connection",
    );
  }
}

/** The last lines of what a tap logs. */
class TapLog {
  readonly lines: string[] = [];
  private rest = "";

  add(text: string): void {
    const lines = (this.rest + text).split(/\r?\n/);
    this.rest = (lines.pop() ?? "").slice(0, LOG_LINE_LENGTH);
    for (const line of lines) if (line.trim() !== "") this.lines.push(line.slice(0, LOG_LINE_LENGTH));
    this.lines.splice(0, this.lines.length - LOG_LINES);
  }
}

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error: NodeJS.ErrnoException | null;
}

function endOf(child: TapProcess): Promise<End> {
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ code: null, signal: null, error }));
    child.on("close", (code, signal) => resolve({ code, signal, error: null }));
  });
}

function endChild(child: TapProcess): void {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill("SIGTERM");
  // Nobody reads on, and a tap that waits for a reader would never look up.
  child.stdout.destroy();
  setTimeout(() => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  }, GRACE_MS).unref();
}

function ownEnvironment(): Record<string, string> {
  return Object.fromEntries(
    PASSED_ON.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Every text in a configuration, however deep. */
function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "number") return [String(value)];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
}
