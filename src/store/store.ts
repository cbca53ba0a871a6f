import { ApprovedTable } from "./approved.js";
import { AttemptTable } from "./attempts.js";
import { AuditTable } from "./audit.js";
import { ChangeTable } from "./changes.js";
import { DocumentTable } from "./documents.js";
import { storeFailure } from "./failure.js";
import { LeaseTable } from "./leases.js";
import { ListingTable } from "./listing.js";
import { Moment } from "./moment.js";
import { NoticeTable } from "./notices.js";
import { type Db, IN_MEMORY, type OpenOptions, openCurrentReadOnly, openStore } from "./open.js";
import { type StoreAt, storePlace } from "./place.js";
import { PlanTable } from "./plans.js";
import { PostingTable } from "./postings.js";
import { QuarantineTable } from "./quarantine.js";
import { RecordTable } from "./records.js";
import { RetentionTable } from "./retention.js";
import { RunTable } from "./runs.js";
import { UniqueValueTable } from "./unique-values.js";
import { UnitTable } from "./units.js";
import { WatermarkTable } from "./watermarks.js";

/** Everything the program remembers, one object per noun. Writes that belong together go into one `transaction`. */
export class Store {
  readonly runs: RunTable;
  readonly leases: LeaseTable;
  readonly units: UnitTable;
  readonly watermarks: WatermarkTable;
  readonly records: RecordTable;
  readonly attempts: AttemptTable;
  readonly postings: PostingTable;
  readonly quarantine: QuarantineTable;
  readonly uniqueValues: UniqueValueTable;
  readonly plans: PlanTable;
  readonly notices: NoticeTable;
  readonly audit: AuditTable;
  private readonly immediate: (work: () => unknown) => unknown;
  private readonly moment = new Moment();

  private constructor(
    readonly file: string,
    private readonly db: Db,
    private readonly release: () => void = () => void db.close(),
  ) {
    this.runs = new RunTable(db);
    this.leases = new LeaseTable(db);
    this.units = new UnitTable(db);
    this.watermarks = new WatermarkTable(db);
    this.records = new RecordTable(db);
    this.attempts = new AttemptTable(db);
    this.postings = new PostingTable(db);
    this.quarantine = new QuarantineTable(db, this.moment);
    this.uniqueValues = new UniqueValueTable(db, this.moment);
    this.plans = new PlanTable(db);
    this.notices = new NoticeTable(db);
    this.audit = new AuditTable(db, this.moment);
    this.immediate = db.transaction((work: () => unknown) => work()).immediate;
  }

  static open(at: StoreAt, options: OpenOptions): Store {
    return new Store(storePlace(at).file, openStore(at, options));
  }

  /** A store that is there, for reading: every write fails. Throws ProblemError: NOT_FOUND, STORE_NEWER, STORE_UNREADABLE. */
  static openReadOnly(at: StoreAt): Store {
    const { db, close } = openCurrentReadOnly(at);
    return new Store(storePlace(at).file, db, close);
  }

  /** A new store that ends when it is closed. */
  static inMemory(options: Omit<OpenOptions, "create">): Store {
    return Store.open(IN_MEMORY, { ...options, create: true });
  }

  /** The number of a pipeline in this store; made when it is new. */
  pipelineId(name: string): number {
    const find = this.db.prepare("SELECT id FROM pipelines WHERE name = ?").pluck();
    const known = find.get(name) as number | undefined;
    if (known !== undefined) return known;
    this.db.prepare("INSERT INTO pipelines (name) VALUES (?) ON CONFLICT DO NOTHING").run(name);
    return find.get(name) as number;
  }

  /** Names of all pipelines that ever ran. */
  pipelineNames(): string[] {
    return this.db.prepare("SELECT name FROM pipelines ORDER BY name").pluck().all() as string[];
  }

  /** An empty plan; there is one at a time. */
  newPlan(): ChangeTable {
    return new ChangeTable(this.db, this.postings);
  }

  /** An empty list of what a saved plan allows; there is one at a time. */
  newApproved(): ApprovedTable {
    return new ApprovedTable(this.db);
  }

  /** Documents with all that is known of them; for a store that is opened read-only. */
  documents(): DocumentTable {
    return new DocumentTable(this.db);
  }

  /** What may be let go. */
  retention(): RetentionTable {
    return new RetentionTable(this.db);
  }

  /** An empty place for what a target lists; there is one at a time. */
  newListing(): ListingTable {
    return new ListingTable(this.db);
  }

  /** From now on it is read as it is at this moment, whatever a run writes meanwhile. Only for a store that is opened read-only. */
  freeze(): void {
    this.db.exec("BEGIN");
    // A transaction begins with the first question.
    this.db.prepare("SELECT count(*) FROM pipelines").get();
  }

  /** From now on it is read as it is then. */
  thaw(): void {
    if (this.db.inTransaction) this.db.exec("COMMIT");
  }

  /** All of it is written, durably, or nothing. Throws ProblemError STORE_FAILED when the file cannot be written. */
  transaction<T>(work: () => T): T {
    const { db, moment } = this;
    try {
      return (db.inTransaction ? this.immediate(work) : this.immediate(() => moment.during(work))) as T;
    } catch (cause) {
      moment.undone();
      throw storeFailure(this.file, cause);
    }
  }

  /** An error of this store's file as a ProblemError; any other error as it is. */
  explain(cause: unknown): unknown {
    return storeFailure(this.file, cause);
  }

  close(): void {
    this.release();
  }
}
