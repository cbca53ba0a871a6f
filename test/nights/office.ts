import { createHmac, timingSafeEqual } from "node:crypto";
import { appendFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { command, type Said } from "../cli/in-process.js";
import { BillsProject } from "../feed/bills.js";

const SECRET = "the key of the night shift";

/** One message to people, as the webhook of a project got it. */
export interface Told {
  readonly subject: string;
  readonly text: string;
  readonly pipelines: readonly { readonly pipeline: string | null; readonly run: number | null; readonly events: readonly string[] }[];
}

/** A project whose people are told by a webhook, and a clock that the test moves. */
export class Office {
  readonly project = new BillsProject();
  readonly told: Told[] = [];
  private place: string | null = null;

  private constructor(
    private readonly server: Server,
    public now: Date,
  ) {}

  static async open(now: Date): Promise<Office> {
    const server = createServer((request, response) => {
      void office.take(request).then((taken) => response.writeHead(taken ? 204 : 401).end());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const office: Office = new Office(server, now);
    return office;
  }

  get folder(): string {
    return this.project.folder;
  }

  /** Where the documents go, as `BillsProject.target` has it. */
  target(connection: string, target: string): void {
    this.project.target(connection, target);
    this.addWebhook();
  }

  addWebhook(): void {
    appendFileSync(join(this.folder, "sync.yaml"), this.webhook());
  }

  /** The part of a sync.yaml that tells people. */
  webhook(): string {
    const { port } = this.server.address() as AddressInfo;
    return `notify:\n  people: { channel: webhook, url: "http://127.0.0.1:${port}/", secret: "${SECRET}" }\n`;
  }

  /** Commands are given in another project from now on. */
  work(folder: string): void {
    this.place = folder;
  }

  /** One command; waits take no time and move the clock. */
  async sync(...args: string[]): Promise<Said> {
    return command(this.place ?? this.folder, this.now, args, {
      clock: {
        now: () => this.now,
        sleep: async (ms) => {
          this.now = new Date(this.now.getTime() + ms);
        },
      },
    });
  }

  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse((await this.sync(...args, "--json")).out) as T;
  }

  pass(hours: number): void {
    this.now = new Date(this.now.getTime() + hours * 3_600_000);
  }

  /** What people were told since it was asked last. */
  news(): Told[] {
    return this.told.splice(0);
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.server.close(resolve));
    this.project.dispose();
  }

  /** Its signature is checked as Standard Webhooks has it, from the raw body. */
  private async take(request: IncomingMessage): Promise<boolean> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const header = (name: string): string => String(request.headers[name]);
    const signed = `${header("webhook-id")}.${header("webhook-timestamp")}.${body.toString("utf8")}`;
    const wanted = `v1,${createHmac("sha256", SECRET).update(signed).digest("base64")}`;
    const given = Buffer.from(header("webhook-signature"));
    if (given.length !== wanted.length || !timingSafeEqual(given, Buffer.from(wanted))) return false;
    this.told.push(JSON.parse(body.toString("utf8")) as Told);
    return true;
  }
}
