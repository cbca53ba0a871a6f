/** One call of the stand-in's API. */
export interface SandboxCall {
  readonly method: string;
  /** Without the query, percent signs decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case; a header that came several times is joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Path and query exactly as they were sent, for systems that sign them. */
  readonly target: string;
}

export interface SandboxAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string;
  /** Nothing took effect: a fault that is about an effect waits for a call that has one. */
  readonly isRefusal?: boolean;
}

export interface AnswerOptions {
  /** Of a call on many items, only the first so many take effect, and then the system fails with 500. Null: no fault. */
  readonly cutAfter: number | null;
}

/** A stand-in of one system: its rules and its memory. All of it is synchronous; the server calls one at a time. */
export interface SandboxSystem {
  /** Answers one call and keeps its effects. The server opens the transaction around it. */
  answer(call: SandboxCall, options: AnswerOptions): SandboxAnswer;
  /** A refusal as this system words it, in HTTP 200 where the system does so; nothing takes effect. */
  refusal(call: SandboxCall): SandboxAnswer;
  /** Every session and token is forgotten. */
  expireSessions(): void;
  /** True for calls that change something; reads and sign-ins are false. Faults strike writes only, unless they say otherwise. */
  isWrite(call: SandboxCall): boolean;
  /** What a test wants to see of its own books or documents, as JSON. Throws SandboxError where the name is unknown. */
  inspect(name: string, query: URLSearchParams): unknown;
  /** What its own users do by hand, such as approving or voiding. Throws SandboxError where that is not possible. */
  act(name: string, body: unknown): unknown;
  /** The name under which a call is counted, where its path has an id in it. The path, when left out. */
  route?(call: SandboxCall): string;
  /** A fault that only this system knows: what it answers to a call instead, null where it does not strike. Null: no such fault. */
  ownFault?(text: string): ((call: SandboxCall) => SandboxAnswer | null) | null;
}

export interface OpenSandbox {
  readonly state: SandboxState;
  readonly now: () => Date;
  readonly seed: number;
}

export interface SandboxDefinition {
  readonly name: string;
  readonly summary: string;
  /** Where it listens when nothing else is asked for, so that a sync.yaml stays right from day to day. */
  readonly port: number;
  /** What a connection in sync.yaml needs to reach it, credentials included: they are of no use anywhere else. */
  connection(address: string): Readonly<Record<string, unknown>>;
  /** Faults of its own, each as one writes it, with a sentence. */
  readonly faults?: readonly (readonly [text: string, about: string])[];
  /** Fills an empty state with the sample company. */
  open(options: OpenSandbox): SandboxSystem;
}

export type FacetValue = string | number | null;

/** Values that a collection can be searched and ordered by, each computed from the object when it is put. */
export type Facets<T> = Readonly<Record<string, (value: T) => FacetValue>>;

export interface SandboxQuery {
  /** Every facet named has the value, or one of the values. */
  readonly where?: Readonly<Record<string, FacetValue | readonly FacetValue[]>>;
  /** In the order of a facet, equal ones by key; by key when left out. `from` belongs to the answer, `before` does not. */
  readonly order?: { readonly by: string; readonly descending?: boolean; readonly from?: FacetValue; readonly before?: FacetValue };
  readonly skip?: number;
  readonly take?: number;
}

/** JSON objects by key. What is read is a copy: a change counts when it is put. */
export interface SandboxCollection<T> {
  get(key: string): T | null;
  put(key: string, value: T): void;
  delete(key: string): boolean;
  /** In the order of the keys; the collection may be changed meanwhile. */
  all(): IterableIterator<T>;
  entries(): IterableIterator<[key: string, value: T]>;
  find(query: SandboxQuery): T[];
  /** `skip` and `take` do not count. */
  count(query?: SandboxQuery): number;
}

/** The memory of a stand-in: one SQLite file, or memory that ends with the process. */
export interface SandboxState {
  /** True until something is put. */
  readonly isEmpty: boolean;
  collection<T>(name: string, facets?: Facets<T>): SandboxCollection<T>;
  /** Counts 1, 2, 3, … under a name. */
  next(counter: string): number;
  /** All of the work or nothing of it; may be nested. */
  transaction<R>(work: () => R): R;
  /** Forgets every object and every count. */
  clear(): void;
  close(): void;
}

/** A request to the sandbox itself that cannot be done; `status` is what the control endpoint answers. */
export class SandboxError extends Error {
  override readonly name = "SandboxError";

  constructor(
    message: string,
    readonly status: 400 | 404 = 400,
  ) {
    super(message);
  }
}
