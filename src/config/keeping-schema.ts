import { Type } from "typebox";

/** What `sync.yaml` says about where secrets are kept, and how long everything else is; a part of `schema.ts`. */

const closed = { additionalProperties: false } as const;

export const SecretsAt = Type.Object(
  {
    file: Type.String({ description: "the file, which `sync secrets set NAME` makes", path: "new file", examples: ["secrets.age"] }),
    recipients: Type.Array(Type.String({ pattern: "^age1[0-9a-z]+$" }), {
      description: "public keys that can open it, as `age-keygen` prints them; when left out, it is written for the key that opened it",
      default: [],
      examples: [["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"]],
    }),
  },
  {
    ...closed,
    description: "a file of secrets, encrypted with age: what `${env.NAME}` asks for and the environment does not have is taken from it",
    examples: [{ file: "secrets.age" }],
  },
);

const keep = (what: string, usual: string, example: string) =>
  Type.String({
    description: `how long to keep ${what}: a number of days, or \`never\` to let go of them never`,
    default: usual,
    pattern: "^([1-9]\\d{0,4}d|never)$",
    examples: [example],
  });

export const RetentionAt = Type.Object(
  {
    attempts: keep("tries that were refused or never left, but for the last of each, and steps that were taken", "90d", "30d"),
    runs: keep("finished runs that sent nothing, but for the newest of each outcome", "400d", "90d"),
    plans: keep("what the store knows of plans that were applied, or that a newer one replaced; their files stay", "400d", "1000d"),
    audit: keep("rows of the audit log; `sync prune` moves older ones to a file beside the store", "never", "3650d"),
  },
  {
    ...closed,
    description: "how long is kept what nothing needs any more; everything that posting depends on is kept for ever",
    examples: [{ attempts: "30d" }],
  },
);

const EncryptedStore = Type.Object(
  {
    file: Type.String({ description: "the file", path: "new file", examples: [".sync/store.db"] }),
    key: Type.String({
      description: "what it is encrypted with, at least 16 characters; without it nobody can read the store again",
      secret: true,
      examples: ["${env.SYNC_STORE_KEY}"],
    }),
  },
  closed,
);

/** A file alone, or with what it is encrypted with. */
export const storeAt = (description: string, usual: { readonly default?: string } = {}) =>
  Type.Union([Type.String({ path: "new file" }), EncryptedStore], {
    ...usual,
    description,
    examples: [{ file: ".sync/store.db", key: "${env.SYNC_STORE_KEY}" }],
  });
