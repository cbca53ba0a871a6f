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

const COLUMNS = "name, owner, host, pid, acquired_at, renewed_at, expires_at";

type LeaseRow = [string, string, string, number, string, string, string];

export class LeaseTable {
  private readonly find;

  constructor(private readonly db: Db) {
    this.find = db.prepare<[string], LeaseRow>(`SELECT ${COLUMNS} FROM leases WHERE name = ?`).raw();
  }

  /** Asked for in every transaction of a run. */
  get(name: string): Lease | null {
    const row = this.find.get(name);
    return row === undefined ? null : readLease(row);
  }

  list(): Lease[] {
    return this.db.prepare<[], LeaseRow>(`SELECT ${COLUMNS} FROM leases ORDER BY name`).raw().all().map(readLease);
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

function readLease([name, owner, host, pid, acquiredAt, renewedAt, expiresAt]: LeaseRow): Lease {
  return { name, owner, host, pid, acquiredAt, renewedAt, expiresAt };
}
