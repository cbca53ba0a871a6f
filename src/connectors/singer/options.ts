import { type Static, Type } from "typebox";
import { trimOption } from "../files/options.js";

const closed = { additionalProperties: false };

export const SingerConnection = Type.Object(
  {
    command: Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      description: "the tap: its program, by path or by a name on the path, and fixed arguments before those of the protocol",
      examples: [["tap-postgres"], ["/opt/taps/github/bin/tap-github"]],
    }),
    config: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        secret: true,
        description:
          "what the tap's own documentation asks for as its configuration; given to it in a file that only this user can read, never printed",
        examples: [{ start_date: "2026-01-01T00:00:00Z", access_token: "$" + "{env.GITHUB_TOKEN}" }],
      }),
    ),
    config_file: Type.Optional(
      Type.String({
        path: "file",
        description: "a configuration file of your own in place of `config`, for taps that write a renewed token back into it",
        examples: ["secrets/tap-quickbooks.json"],
      }),
    ),
    folder: Type.Optional(
      Type.String({
        path: "folder",
        description: "the folder the tap runs in; without it, the folder of the pipeline file",
        examples: ["/srv/taps"],
      }),
    ),
    environment: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        secret: true,
        description:
          "environment variables of the tap; of our own it sees only `PATH`, `HOME`, `USER`, `LANG`, `LC_ALL`, `TZ` and `TMPDIR`, because others may hold secrets of other systems",
        examples: [{ HTTPS_PROXY: "http://proxy.example.com:3128" }],
      }),
    ),
  },
  closed,
);
export type SingerConnection = Static<typeof SingerConnection>;

export const SingerSourceOptions = Type.Object(
  {
    stream: Type.String({
      minLength: 1,
      description: "which stream is read; records of other streams are left out and counted",
      examples: ["invoices", "public-expense_lines"],
    }),
    catalog: Type.Optional(
      Type.String({
        path: "file",
        description:
          "a catalog of your own, given to the tap as it is; without it the tap is asked for one, and this stream is selected with all of its fields",
        examples: ["taps/github-catalog.json"],
      }),
    ),
    discover: Type.Boolean({
      description: "whether the tap is asked for its catalog; `false` for taps that have none and deliver all they have",
      default: true,
      examples: [false],
    }),
    catalog_argument: Type.Enum(["--catalog", "--properties"], {
      description: "the argument that carries the catalog; taps from the first years of Singer want `--properties`",
      default: "--catalog",
      examples: ["--properties"],
    }),
    replication_method: Type.Optional(
      Type.Enum(["FULL_TABLE", "INCREMENTAL", "LOG_BASED"], {
        description: "written into the catalog that the tap gave, where it leaves the choice to its user, as taps of databases do",
        examples: ["INCREMENTAL"],
      }),
    ),
    replication_key: Type.Optional(
      Type.String({
        minLength: 1,
        description: "the field by which `INCREMENTAL` tells what is new; written into the catalog that the tap gave",
        examples: ["updated_at"],
      }),
    ),
    state: Type.Enum(["keep", "ignore"], {
      description:
        "whether the tap goes on where it was: `keep` hands its last state back to it, `ignore` starts anew each time. `sync run --full` starts anew once",
      default: "keep",
      examples: ["ignore"],
    }),
    trim: trimOption,
    idle: Type.String({
      description: "how long the tap may say nothing, in messages or in its log, before it is ended and nothing of it is taken",
      default: "10m",
      pattern: "^\\d{1,9}(ms|s|m|h)$",
      examples: ["2h"],
    }),
  },
  closed,
);
export type SingerSourceOptions = Static<typeof SingerSourceOptions>;
