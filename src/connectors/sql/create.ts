import { existsSync } from "node:fs";
import type { PostedEntry, PostOutcome } from "../../model/posting.js";
import { ProblemError, problem } from "../../model/problem.js";
import type { PostItem, ReverseItem, Target, TargetTraits, UpdateItem } from "../contract.js";
import { unavailable } from "./answers.js";
import type { Connection } from "./connection.js";
import { DatabaseError, type Session } from "./dialect.js";
import type { Layout } from "./layout.js";
import { quoteTable } from "./statement.js";

const MOST_LOOKS = 6;
const BETWEEN_LOOKS_MS = 200;

interface Plans {
  readonly connection: Connection;
  readonly layout: Layout;
  readonly create: readonly string[];
  /** Opens the tables once they are there. */
  readonly open: () => Promise<Target>;
  readonly traits: TargetTraits;
  readonly sleep: (ms: number) => Promise<void>;
  /** The header has an `id`. */
  readonly isNumbered: boolean;
}

/** Whether one of the tables is not there. Throws ProblemError when the database cannot be asked. */
export async function areMissing(connection: Connection, layout: Layout): Promise<boolean> {
  const { dialect, settings } = connection;
  if (dialect.port === 0 && !existsSync(settings.file)) return true;
  return withSession(connection, "write", (session) => lacksTable(session, connection, layout));
}

/** Stands for tables that are made with the first document, so that looking and planning make nothing. */
export class TablesToCome implements Target {
  readonly traits: TargetTraits;
  readonly latest?: (pipeline: string) => Promise<string | null>;
  readonly postings?: (pipeline: string) => AsyncIterable<PostedEntry>;
  readonly update?: (items: readonly UpdateItem[]) => Promise<readonly PostOutcome[]>;
  private made: Promise<Target> | null = null;

  constructor(private readonly plans: Plans) {
    this.traits = plans.traits;
    if (this.traits.drafts === true) this.update = async (items) => (await this.make()).update?.(items) ?? [];
    if (!plans.isNumbered) return;
    this.latest = async (pipeline) => (await this.made)?.latest?.(pipeline) ?? null;
    this.postings = (pipeline) => this.list(pipeline);
  }

  async post(items: readonly PostItem[]): Promise<readonly PostOutcome[]> {
    return (await this.make()).post(items);
  }

  async reverse(items: readonly ReverseItem[]): Promise<readonly PostOutcome[]> {
    return (await this.make()).reverse(items);
  }

  async lookup(idempotencyKey: string): ReturnType<Target["lookup"]> {
    return (await this.made)?.lookup(idempotencyKey) ?? null;
  }

  async close(): Promise<void> {
    await (await this.made?.catch(() => null))?.close?.();
  }

  private async *list(pipeline: string): AsyncGenerator<PostedEntry> {
    yield* (await this.made)?.postings?.(pipeline) ?? [];
  }

  private make(): Promise<Target> {
    this.made ??= this.createAndOpen().catch((error: unknown) => {
      this.made = null;
      throw error;
    });
    return this.made;
  }

  private async createAndOpen(): Promise<Target> {
    const { connection, layout, create, open } = this.plans;
    await withSession(connection, "create", async (session) => {
      // Another run may have made them meanwhile.
      if (!(await lacksTable(session, connection, layout))) return;
      try {
        await session.begin("committed");
        for (const text of create) await session.run({ text, values: [] });
        await session.commit();
      } catch (error) {
        await session.rollback();
        if (!(error instanceof DatabaseError) || (error.kind !== "refused" && error.kind !== "unique")) throw error;
        await this.waitForOthers(session, error);
      }
    });
    return open();
  }

  /** Either another run makes the tables at this moment, or the statements are wrong: then it throws ProblemError. */
  private async waitForOthers(session: Session, { words }: DatabaseError): Promise<void> {
    const { connection, layout, sleep } = this.plans;
    for (let looks = 1; await lacksTable(session, connection, layout); looks += 1) {
      if (looks === MOST_LOOKS) {
        const message = `the database \`${connection.name}\` did not make the tables: ${words}`;
        throw new ProblemError(problem("TARGET_UNAVAILABLE", message, [], "correct `create` of the target"));
      }
      await sleep(BETWEEN_LOOKS_MS);
    }
  }
}

async function lacksTable(session: Session, { dialect }: Connection, { header, more, lines }: Layout): Promise<boolean> {
  for (const { table } of [header, ...more, lines]) {
    try {
      await session.rows({ text: `SELECT 1 FROM ${quoteTable(dialect, table)} WHERE 1 = 0`, values: [] });
    } catch (error) {
      if (error instanceof DatabaseError && error.kind === "refused") return true;
      throw error;
    }
  }
  return false;
}

async function withSession<T>(connection: Connection, access: "write" | "create", work: (session: Session) => Promise<T>): Promise<T> {
  let session: Session | null = null;
  try {
    session = await connection.dialect.connect(connection.settings, access);
    return await work(session);
  } catch (error) {
    throw new ProblemError(unavailable(error, connection.name));
  } finally {
    await session?.close();
  }
}
