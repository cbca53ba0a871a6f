import pLimit from "p-limit";
import type { Connection } from "./connection.js";
import type { Session } from "./dialect.js";

/** Connections kept for one target, opened when they are needed; one that broke is not used again. */
export class Sessions {
  private readonly idle: Session[] = [];
  private readonly limit: ReturnType<typeof pLimit>;

  constructor(
    private readonly connection: Connection,
    most: number,
  ) {
    this.limit = pLimit(most);
  }

  /** Throws DatabaseError where no connection comes about. */
  use<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.limit(async () => {
      const session = this.kept() ?? (await this.connection.dialect.connect(this.connection.settings, "write"));
      try {
        return await work(session);
      } finally {
        if (session.isBroken) await session.close();
        else this.idle.push(session);
      }
    });
  }

  async close(): Promise<void> {
    for (const session of this.idle.splice(0)) await session.close();
  }

  private kept(): Session | null {
    for (let session = this.idle.pop(); session !== undefined; session = this.idle.pop()) {
      if (!session.isBroken) return session;
      // Its end is of no interest: it was cut while nothing was asked of it.
      void session.close().catch(() => undefined);
    }
    return null;
  }
}
