import { type Static, Type } from "typebox";
import { REACH } from "./notify-schema.js";

/**
 * The only description of what stands under `log`, `metrics` and `traces` of `sync.yaml`. It validates, fills in defaults, becomes the JSON Schema
 * and the configuration reference, like `schema.ts`.
 */

const closed = { additionalProperties: false } as const;

export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const Log = Type.Object(
  {
    level: Type.Enum([...LOG_LEVELS], {
      description:
        "the least that is written. `error`: what stopped a run; `warn`: also what waits, and other trouble; `info`: also runs, stages, units and plans; `debug`: also every call of the target and every exchange over HTTP",
      default: "info",
      examples: ["warn"],
    }),
    to: Type.String({
      minLength: 1,
      description: "`stderr`, or a file, from the folder of this file; it is made readable by its owner only",
      default: "stderr",
      examples: [".sync/sync.log"],
    }),
    max_size: Type.String({
      description: "a file that would grow beyond this is put aside as `NAME.1`, and a new one begun",
      pattern: "^[1-9]\\d{0,5}(KB|MB|GB)$",
      default: "10MB",
      examples: ["50MB"],
    }),
    keep: Type.Integer({
      description: "how many files that were put aside are kept: `NAME.1` is the newest of them",
      minimum: 0,
      maximum: 999,
      default: 5,
      examples: [30],
    }),
    details: Type.Enum(["counts", "keys"], {
      description:
        "`counts`: documents, records and units appear as fingerprints only; `keys`: with their keys and names, which are claim numbers and file names and may be personal data",
      default: "counts",
      examples: ["keys"],
    }),
  },
  { ...closed, description: "what happens, one line of JSON for each event; nothing is logged when left out" },
);
export type Log = Static<typeof Log>;

const Push = Type.Object(
  {
    url: Type.String({
      minLength: 1,
      secret: true,
      description: "the Pushgateway, without `/metrics/job/…`; never printed, because keys are pasted into addresses",
      examples: ["https://pushgateway.example.com"],
    }),
    user: Type.Optional(Type.String({ minLength: 1, description: "who signs in (Basic); nobody when left out", examples: ["sync"] })),
    password: Type.Optional(
      Type.String({ minLength: 1, secret: true, description: "password of `user`", examples: ["${env.PUSHGATEWAY_PASSWORD}"] }),
    ),
    headers: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        secret: true,
        description: "further headers; never printed, because they often hold keys",
        examples: [{ Authorization: "Bearer ${env.PUSHGATEWAY_TOKEN}" }],
      }),
    ),
    ...REACH,
  },
  {
    ...closed,
    description: "a Pushgateway that the metrics are sent to after each command that runs something",
    examples: [{ url: "https://pushgateway.example.com" }],
  },
);

export const Metrics = Type.Object(
  {
    file: Type.Optional(
      Type.String({
        description:
          "a file for the textfile collector of Prometheus' node_exporter, from the folder of this file; its name ends in `.prom`",
        pattern: "\\.prom$",
        path: "new file",
        examples: ["/var/lib/node_exporter/textfile/sync.prom"],
      }),
    ),
    push: Type.Optional(Push),
  },
  { ...closed, description: "metrics for Prometheus, written after each command that runs something; `sync metrics` prints the same" },
);
export type Metrics = Static<typeof Metrics>;

export const Traces = Type.Object(
  {
    endpoint: Type.Optional(
      Type.String({
        minLength: 1,
        secret: true,
        description:
          "where spans are posted, as OTLP over HTTP with JSON: the whole address. When left out, that of `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, or of `OTEL_EXPORTER_OTLP_ENDPOINT` with `/v1/traces`",
        examples: ["https://otel.example.com/v1/traces"],
      }),
    ),
    headers: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        secret: true,
        description: "further headers; when left out, those of `OTEL_EXPORTER_OTLP_TRACES_HEADERS` or `OTEL_EXPORTER_OTLP_HEADERS`",
        examples: [{ Authorization: "Bearer ${env.OTEL_TOKEN}" }],
      }),
    ),
    service: Type.Optional(
      Type.String({
        minLength: 1,
        description: "`service.name`; `OTEL_SERVICE_NAME`, else `sync`, when left out",
        examples: ["finance-sync"],
      }),
    ),
    propagate: Type.Boolean({
      description: "whether targets over HTTP are sent the header `traceparent`, so that their own spans join the trace of the run",
      default: false,
      examples: [true],
    }),
    most_spans: Type.Integer({
      description: "spans of one run; what comes after is counted on the span of the run, and has none of its own",
      minimum: 10,
      maximum: 100_000,
      default: 2_000,
      examples: [10_000],
    }),
    ...REACH,
  },
  { ...closed, description: "OpenTelemetry traces of each run; also without this where the environment names an endpoint" },
);
export type Traces = Static<typeof Traces>;

/** The keys of the project file. */
export const OBSERVING = { log: Type.Optional(Log), metrics: Type.Optional(Metrics), traces: Type.Optional(Traces) };

const changed = (key: string) =>
  Type.Optional(Type.Object({}, { additionalProperties: true, description: `what differs from \`${key}\` of the project` }));

/** The keys of an environment; what it does not say stays as it is. */
export const OBSERVING_CHANGES = { log: changed("log"), metrics: changed("metrics"), traces: changed("traces") };
