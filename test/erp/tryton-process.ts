import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { freePort } from "../connectors/file-servers.js";

/** The server of one database, on one port of this machine, which can be stopped and started again. */
export class TrytonProcess {
  readonly url: string;
  readonly password: string;
  private child: ChildProcess | null = null;
  private readonly killed = (): void => void this.child?.kill("SIGKILL");

  private constructor(
    private readonly folder: string,
    private readonly port: number,
  ) {
    this.url = `http://127.0.0.1:${port}/company`;
    this.password = readFileSync(join(folder, "password"), "utf8").trim();
    process.once("exit", this.killed);
  }

  /** `folder` holds the file `password`; `uri` is the database as Tryton's configuration names it. */
  static async start(folder: string, uri: string): Promise<TrytonProcess> {
    const port = await freePort();
    const scheme = join(folder, "passlib.ini");
    // Checking a password takes a server 0.2 s on purpose, and tests sign in a lot.
    writeFileSync(scheme, "[passlib]\nschemes = bcrypt\nbcrypt__max_rounds = 4\nbcrypt__default_rounds = 4\n");
    const web = `[web]\nlisten = 127.0.0.1:${port}\n`;
    writeFileSync(join(folder, "trytond.conf"), `[database]\nuri = ${uri}\npath = ${folder}\n${web}[password]\npasslib = ${scheme}\n`);
    const server = new TrytonProcess(folder, port);
    await server.launch();
    return server;
  }

  /** Returns when it answers: it loads everything before it listens. */
  async launch(): Promise<void> {
    const log = openSync(join(this.folder, "trytond.log"), "a");
    // Times in the database are those of its session, and the server compares them with its own.
    const env = { ...process.env, TZ: "UTC", PGTZ: "UTC" };
    const child = spawn("/usr/bin/trytond", ["-c", join(this.folder, "trytond.conf"), "-d", "company"], {
      stdio: ["ignore", log, log],
      env,
    });
    closeSync(log);
    this.child = child;
    while (!(await this.answers())) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`trytond did not start: ${this.log().slice(-2_000)}`);
      await wait(50);
    }
  }

  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const { child } = this;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  /** Ends it for good. */
  async dispose(): Promise<void> {
    await this.end("SIGKILL");
    process.removeListener("exit", this.killed);
  }

  log(): string {
    return readFileSync(join(this.folder, "trytond.log"), "utf8");
  }

  /** Calls a method as a user would, without our connector. */
  async call<T>(user: string, method: string, ...params: readonly unknown[]): Promise<T> {
    const authorization = `Basic ${Buffer.from(`${user}:${this.password}`).toString("base64")}`;
    const body = JSON.stringify({ id: 1, method, params: [...params, { company: 1 }] });
    // Without the slash at its end the address is another one.
    const response = await fetch(`${this.url}/`, { method: "POST", headers: { "content-type": "application/json", authorization }, body });
    const answer = (await response.json()) as { result?: T; error?: unknown };
    if (answer.error !== undefined) throw new Error(`${method}: ${JSON.stringify(answer.error).slice(0, 500)}`);
    return answer.result as T;
  }

  private answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, "127.0.0.1");
      socket.once("error", () => resolve(false));
      socket.once("connect", () => {
        socket.destroy();
        resolve(true);
      });
    });
  }
}
