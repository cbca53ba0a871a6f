import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { bundled } from "../bundled.js";
import type { Control } from "./faulty-erp.js";
import { Journal } from "./journal.js";
import type { Voucher } from "./voucher.js";

const SERVER = fileURLToPath(new URL("server.ts", import.meta.url));

export interface StartOptions {
  /** File the ERP writes down everything in. */
  readonly journal: string;
  readonly seed?: number;
  readonly duplicates?: "booked" | "refused";
  /** Vouchers are saved, submitted and audited, each with a call of its own. */
  readonly inSteps?: boolean;
  readonly auth?: { readonly client: string; readonly secret: string; readonly uses: number };
}

/** The faulty ERP in a process of its own. */
export class RunningErp {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    private readonly journalFile: string,
  ) {}

  static async start(options: StartOptions): Promise<RunningErp> {
    const { auth } = options;
    const args = ["--journal", options.journal, "--seed", String(options.seed ?? 0), "--duplicates", options.duplicates ?? "booked"];
    if (options.inSteps === true) args.push("--in-steps");
    if (auth !== undefined) args.push("--client", auth.client, "--secret", auth.secret, "--token-uses", String(auth.uses));
    const child = spawn(process.execPath, [bundled(SERVER), ...args], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const [first] = (await Promise.race([
      once(child.stdout, "data"),
      once(child, "exit").then(([code]) => {
        throw new Error(`the ERP ended with ${String(code)} before it listened`);
      }),
    ])) as [Buffer];
    const { port } = JSON.parse(first.toString("utf8")) as { port: number };
    return new RunningErp(child, `http://127.0.0.1:${port}`, options.journal);
  }

  async control(wanted: Control): Promise<void> {
    const answer = await fetch(`${this.url}/control`, { method: "POST", body: JSON.stringify(wanted) });
    if (!answer.ok) throw new Error(`the ERP did not take ${JSON.stringify(wanted)}`);
  }

  async books(): Promise<{ readonly pending: number; readonly vouchers: readonly Voucher[] }> {
    return (await (await fetch(`${this.url}/books`)).json()) as { pending: number; vouchers: Voucher[] };
  }

  /** What is written down, after everything that was still on its way has arrived. */
  async journal(): Promise<Journal> {
    while ((await this.books()).pending > 0) await wait(20);
    return new Journal(this.journalFile);
  }

  /** As it is at this moment, whatever is on its way. */
  journalNow(): Journal {
    return new Journal(this.journalFile);
  }

  async stop(): Promise<void> {
    const ended = once(this.child, "exit");
    this.child.stdin?.end();
    await ended;
  }
}
