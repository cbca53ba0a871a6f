import type { Connector } from "../connectors/contract.js";
import type { Compiled, LookupSignature, LookupTable } from "../expression/types.js";
import type { Calendar } from "../model/calendar.js";
import type { DocumentType, LineFieldType } from "../model/document-types.js";
import type { PersonalTexts } from "../model/personal.js";
import type { Place, Problem } from "../model/problem.js";
import type { Field } from "../model/record.js";
import type { Retention } from "../model/retention.js";
import type { Schedule } from "../model/schedule.js";
import type { ChannelKind, ChannelOptions, NotifyEvent } from "./notify-schema.js";
import type { Log, Metrics, Traces } from "./observe-schema.js";
import type { SecretsFile } from "./secrets-file.js";

/** A project as it is used: paths absolute, secrets resolved, one environment chosen. */
export interface Project {
  readonly name: string;
  /** The folder of sync.yaml. */
  readonly folder: string;
  readonly file: string;
  readonly environment: string | null;
  readonly store: string;
  /** What the store is encrypted with; null where it is not. */
  readonly storeKey: string | null;
  readonly timeZone: string;
  readonly language: "en" | "zh";
  /** Whether people see personal fields whole where a command does not say otherwise. */
  readonly personal: "mask" | "show";
  /** What counts as a workday in schedules. */
  readonly calendar: Calendar;
  readonly connections: ReadonlyMap<string, Connection>;
  /** Files that the `pipelines` patterns match, in name order. */
  readonly pipelineFiles: readonly string[];
  readonly approvers: ReadonlyMap<string, Approver>;
  readonly notify: Notify;
  readonly retention: Retention;
  readonly observing: Observing;
  /** Every secret value in use, so that output can be checked against them. */
  readonly secrets: readonly string[];
  /** The encrypted file of secrets; null where the project names none. */
  readonly secretsFile: SecretsFile | null;
  /** Files that secrets, or keys to them, were read from. */
  readonly secretFiles: readonly string[];
}

/** What is written down of what happens, for machines; null where nothing is. */
export interface Observing {
  /** `to` is absolute, unless it is `stderr`. */
  readonly log: Log | null;
  readonly metrics: Metrics | null;
  readonly traces: Traces | null;
  /** What is wrong with parts that are left out for it; it keeps no run from its work. */
  readonly problems: readonly Problem[];
}

/** Whom runs tell. */
export interface Notify {
  /** Those that can be used. */
  readonly channels: readonly NotifyChannel[];
  /** What is wrong with others; it keeps no run from its work. */
  readonly problems: readonly Problem[];
}

export interface NotifyChannel {
  readonly name: string;
  readonly settings: ChannelSettings;
  readonly on: readonly NotifyEvent[];
  /** Null: about all. */
  readonly pipelines: readonly { readonly name: string; readonly at: Place }[] | null;
  readonly language: "en" | "zh";
  readonly details: "counts" | "keys";
}

/** The kind of a channel, with its own options: valid, defaults filled in, paths absolute, secrets in plain. */
export type ChannelSettings = { readonly [K in ChannelKind]: { readonly kind: K; readonly options: ChannelOptions<K> } }[ChannelKind];

/** Somebody who may approve plans. */
export interface Approver {
  readonly name: string;
  readonly title: string | null;
  /** The operating-system user they are known by; null: their name is it. */
  readonly user: string | null;
  /** Ed25519, SubjectPublicKeyInfo as DER in base64; null: they cannot sign. */
  readonly key: string | null;
}

/** Who must approve what a pipeline posts. */
export interface ApprovalPolicy {
  readonly by: readonly string[];
  readonly authorMay: boolean;
  /** By currency, as exact text; two people must approve what moves more, or money of a currency that is not here. Null: one is always enough. */
  readonly twoAbove: ReadonlyMap<string, string> | null;
  readonly holdsMs: number;
}

export interface Connection {
  readonly name: string;
  readonly connector: Connector;
  /** Valid against the connector's `connection` schema, defaults filled in, paths absolute. */
  readonly options: unknown;
}

/** A template together with where it stands, so that a failure at run time can show the place. */
export interface Expression extends Compiled {
  /** The place of an offset range of the template text in its file. */
  readonly placeOf: (start: number, end: number) => Place;
}

/** A JSON Schema of a record stream, with the fields in order. */
export interface RecordSchema {
  readonly file: string;
  readonly fields: readonly Field[];
  /** Checks a record given as an object of canonical text, booleans and null left out; the messages name fields. */
  readonly validate: (record: Readonly<Record<string, unknown>>) => readonly SchemaFault[];
  /** False when the types alone say everything, so that validating each record can be left out. */
  readonly constrains: boolean;
}

export interface SchemaFault {
  readonly field: string | null;
  readonly message: string;
}

/** A pipeline as it runs: every expression compiled and typed, every option valid. */
export interface Pipeline {
  readonly name: string;
  readonly title: string;
  readonly file: string;
  readonly tags: readonly string[];
  /** Names of the pipelines that run before this one where several are run. */
  readonly after: readonly string[];
  /** Null: it is run by hand, or by a line that somebody wrote. */
  readonly schedule: Schedule | null;
  readonly source: SourceSettings;
  readonly lookups: readonly Lookup[];
  readonly mapping: DocumentMapping;
  readonly checks: readonly DocumentCheck[];
  readonly stopWhen: Threshold | null;
  /** Null: nobody needs to approve. */
  readonly approval: ApprovalPolicy | null;
  readonly target: TargetSettings;
  /** Where personal fields can stand in its documents. */
  readonly personal: PersonalTexts;
  /** SHA-256 over everything that decides what is posted, lookup files included; secrets and paths excluded. */
  readonly fingerprint: string;
  /** SHA-256 over what decides what a record is and to which document it belongs: the source, the keys, and the lookups these use. */
  readonly recordFingerprint: string;
  /** SHA-256 over what decides which documents are wanted, and which of them hold a value: `when`, `unique`, and the lookups these use. */
  readonly selection: string;
}

export interface SourceSettings {
  readonly connector: Connector;
  /** The name of the connection, or of the connector when it needs none. */
  readonly name: string;
  readonly connectionOptions: unknown;
  readonly options: unknown;
  readonly schema: RecordSchema;
  /** Positions in the schema's fields; null when each row is a record of its own. */
  readonly key: readonly number[] | null;
  readonly cursor: { readonly field: number; readonly overlapMs: number } | null;
  readonly delivers: "lines" | "documents";
  /** What a unit holds all of, so that a record that is missing from it is gone at the source; null where that cannot be told. */
  readonly whole: "unit" | { readonly month: number } | null;
  /** Other names by field, in the order of the fields. */
  readonly aliases: readonly (readonly string[])[];
  readonly dates: readonly string[];
  readonly numbers: { readonly decimal: "." | ","; readonly group: string };
  /** SHA-256 over everything that decides how records are read: when it changes, files are read again. */
  readonly fingerprint: string;
}

export interface Lookup {
  readonly signature: LookupSignature;
  readonly table: LookupTable;
  readonly file: string;
  readonly rows: number;
}

export interface DocumentMapping {
  readonly type: DocumentType;
  readonly key: Expression;
  /** Of a batch: which member of it a record belongs to; null where the document stands for one thing. */
  readonly batch: Expression | null;
  readonly when: Expression | null;
  readonly header: {
    /** Null, as the currency is, where the type has no lines. */
    readonly date: Expression | null;
    readonly currency: Expression | null;
    /** Null where the type has no lines and the header gives none. */
    readonly text: Expression | null;
    readonly attachments: Expression | null;
    readonly fields: readonly { readonly name: string; readonly value: Expression }[];
  };
  readonly lines: readonly LineTemplate[];
  readonly mergeBy: readonly string[] | null;
  readonly negative: "red" | "other side";
}

export interface LineTemplate {
  readonly each: "record" | "document";
  readonly when: Expression | null;
  /** Its variables are `share.amount`, `share.weight`, then `share.NAME` in the order of `with`. */
  readonly share: {
    readonly amount: Expression;
    readonly by: Expression;
    readonly with: readonly { readonly name: string; readonly value: Expression }[];
  } | null;
  readonly side: "debit" | "credit";
  readonly amount: Expression;
  readonly account: Expression;
  readonly text: Expression | null;
  readonly partner: Expression | null;
  readonly dimensions: readonly { readonly name: string; readonly value: Expression }[];
  readonly fields: readonly { readonly name: string; readonly type: LineFieldType; readonly value: Expression }[];
}

export type DocumentCheck =
  | {
      readonly kind: "unique";
      readonly field: number;
      readonly name: string;
      /** Between the values of one field; null where the field is one value. */
      readonly separator: string | null;
      /** The register of the project that the pipeline shares with others; null for its own. */
      readonly register: string | null;
      /** True of documents that are not wanted and hold their values all the same. */
      readonly alsoWhen: Expression | null;
    }
  | { readonly kind: "require"; readonly condition: Expression; readonly message: string };

/** More than this many quarantined items, or this share of the records read, stops the run before anything is sent. */
export type Threshold = { readonly count: number } | { readonly share: number };

export interface TargetSettings {
  readonly connector: Connector;
  /** The name of the connection, or of the connector when it needs none. */
  readonly name: string;
  readonly connectionOptions: unknown;
  readonly options: unknown;
  readonly changed: "reverse and repost" | "update draft" | "hold";
  readonly gone: "reverse" | "hold";
  readonly edited: "hold" | "keep target" | "reverse and repost";
  readonly closedPeriod: "hold" | "next open period";
}

/** Either a value or every problem that stands in its way. */
export type Loaded<T> =
  | { readonly value: T; readonly problems: readonly Problem[] }
  | { readonly value: null; readonly problems: readonly Problem[] };
