import type { Db } from "./open.js";

export interface Lease {
  readonly name: string;
  /** A random word made by the run that holds it. */
  readonly owner: string;
  readonly host: string;
  readonly pid: number;
  readonly acquiredAt: string;
  readonly renewedAt: string;
  readonly expiresAt: string;
}

const COLUMNS = "name, owner, host, pid, acquired_at AS acquiredAt, renewed_at AS renewedAt, expires_at AS expiresAt";

export class LeaseTable {
  constructor(private readonly db: Db) {}

  get(name: string): Lease | null {
    return (this.db.prepare(`SELECT ${COLUMNS} FROM leases WHERE name = ?`).get(name) as Lease | undefined) ?? null;
  }

  list(): Lease[] {
    return this.db.prepare(`SELECT ${COLUMNS} FROM leases ORDER BY name`).all() as Lease[];
  }

  /** Takes the lease, whoever held it; call inside a transaction in which the holder was judged. */
  put(lease: Lease): void {
    this.db
      .prepare(
        `INSERT INTO leases (name, owner, host, pid, acquired_at, renewed_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, host = excluded.host, pid = excluded.pid, acquired_at = excluded.acquired_at,
           renewed_at = excluded.renewed_at, expires_at = excluded.expires_at`,
      )
      .run(lease.name, lease.owner, lease.host, lease.pid, lease.acquiredAt, lease.renewedAt, lease.expiresAt);
  }

  /** False when the lease is no longer the owner's. */
  renew(name: string, owner: string, renewedAt: string, expiresAt: string): boolean {
    return (
      this.db
        .prepare("UPDATE leases SET renewed_at = ?, expires_at = ? WHERE name = ? AND owner = ?")
        .run(renewedAt, expiresAt, name, owner).changes === 1
    );
  }

  release(name: string, owner: string): void {
    this.db.prepare("DELETE FROM leases WHERE name = ? AND owner = ?").run(name, owner);
  }
}
