import { type Static, type TSchema, Type } from "typebox";

/** How the servers are described on which files of an installation may lie, one block for each way to reach them. */

const closed = { additionalProperties: false } as const;

const text = (description: string, ...examples: string[]) => Type.String({ minLength: 1, description, examples });
const secret = (description: string, ...examples: string[]) => Type.String({ minLength: 1, description, secret: true, examples });
const file = (description: string, ...examples: string[]) => Type.String({ minLength: 1, description, path: "file", examples });
const optional = <T extends TSchema>(schema: T) => Type.Optional(schema);

const timeout = Type.String({
  description: "how long the server may be silent before the connection counts as lost",
  default: "30s",
  pattern: "^\\d{1,9}(ms|s|m|h)$",
  examples: ["90s"],
});
const port = (usual: string, example: number) =>
  Type.Integer({ description: `the port; ${usual} when left out`, minimum: 1, maximum: 65_535, examples: [example] });
const folder = text(
  "the folder on the server, from where the login begins unless it starts with `/`; patterns and unit names start there",
  "/out/hesi",
);
const insecure = (description: string) => Type.Boolean({ description, default: false, examples: [true] });

export const SftpOptions = Type.Object(
  {
    host: text("the server's name or address", "sftp.example.com"),
    port: optional(port("22", 2222)),
    user: text("user name", "sync"),
    password: optional(secret("password; also given where the server asks for it in a dialogue", "${env.SFTP_PASSWORD}")),
    private_key: optional(
      file("file with our private key, in OpenSSH or PEM form; only we should be able to read it", "keys/sync_ed25519"),
    ),
    passphrase: optional(secret("what the private key is encrypted with", "${env.SFTP_KEY_PASSPHRASE}")),
    host_key: optional(
      Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })], {
        description:
          "fingerprint of the server's key, as `ssh-keygen -l` shows it; several while the server changes its key. This or `known_hosts` is required",
        examples: ["SHA256:uNiVztksCsDhcc0u9e8BrLNQzXbz0sjfpGoA4EYXFTo"],
      }),
    ),
    known_hosts: optional(
      file("file in the form of OpenSSH's known_hosts, hashed names included. This or `host_key` is required", "keys/known_hosts"),
    ),
    folder: optional(folder),
    timeout,
  },
  {
    ...closed,
    description: "the files are on an SFTP server; its key must be known before anything is sent",
    examples: [
      { host: "sftp.example.com", user: "sync", private_key: "keys/sync_ed25519", known_hosts: "keys/known_hosts", folder: "/out" },
    ],
  },
);
export type SftpOptions = Static<typeof SftpOptions>;

export const FtpsOptions = Type.Object(
  {
    host: text("the server's name; its certificate must be for it", "ftp.example.com"),
    port: optional(port("21, or 990 with `mode: implicit`", 2121)),
    user: text("user name", "sync"),
    password: secret("password", "${env.FTP_PASSWORD}"),
    mode: Type.Enum(["explicit", "implicit"], {
      description: "whether TLS is asked for after connecting (`AUTH TLS`, the usual way) or spoken from the first byte",
      default: "explicit",
      examples: ["implicit"],
    }),
    ca: optional(file("PEM file of the authority that signed the server's certificate; the public ones when left out", "keys/ca.pem")),
    insecure: insecure("whether to speak plain FTP without TLS; password and files then travel readable"),
    folder: optional(folder),
    timeout,
  },
  {
    ...closed,
    description: "the files are on an FTP server with TLS; its certificate is verified",
    examples: [{ host: "ftp.example.com", user: "sync", password: "${env.FTP_PASSWORD}", folder: "/out" }],
  },
);
export type FtpsOptions = Static<typeof FtpsOptions>;

export const S3Options = Type.Object(
  {
    endpoint: optional(
      text("where the store answers; Amazon's own endpoint of the region when left out", "https://oss-cn-hangzhou.aliyuncs.com"),
    ),
    region: Type.String({
      minLength: 1,
      description: "the region requests are signed for; stores that have none usually take `us-east-1`",
      default: "us-east-1",
      examples: ["cn-north-1"],
    }),
    bucket: text("the bucket", "finance-exports"),
    prefix: optional(text("what stands before the names, as a folder; patterns and unit names start after it", "hesi/out")),
    access_key: optional(
      text(
        "access key id; with neither it nor `secret_key`, the environment's own chain is used (variables, profile, role)",
        "AKIAIOSFODNN7EXAMPLE",
      ),
    ),
    secret_key: optional(secret("secret access key", "${env.S3_SECRET_KEY}")),
    session_token: optional(secret("token of temporary credentials", "${env.S3_SESSION_TOKEN}")),
    path_style: Type.Boolean({
      description: "whether the bucket stands in the path and not in the host name, as MinIO and many private stores want it",
      default: false,
      examples: [true],
    }),
    ca: optional(file("PEM file of the authority that signed the endpoint's certificate; the public ones when left out", "keys/ca.pem")),
    insecure: insecure("whether an `http://` endpoint on another host is allowed; the files then travel readable"),
    timeout,
  },
  {
    ...closed,
    description: "the files are objects in a store that speaks S3: Amazon, MinIO, Aliyun OSS, Tencent COS and others",
    examples: [
      {
        bucket: "finance-exports",
        region: "cn-north-1",
        prefix: "hesi/out",
        access_key: "AKIAIOSFODNN7EXAMPLE",
        secret_key: "${env.S3_SECRET_KEY}",
      },
    ],
  },
);
export type S3Options = Static<typeof S3Options>;

const HttpsAuth = Type.Object(
  {
    basic: optional(
      Type.Object(
        { user: text("user name", "sync"), password: secret("password", "${env.EXPORT_PASSWORD}") },
        { ...closed, description: "user and password (RFC 7617)" },
      ),
    ),
    bearer: optional(
      Type.Object({ token: secret("a token that does not change", "${env.EXPORT_TOKEN}") }, { ...closed, description: "a fixed token" }),
    ),
    api_key: optional(
      Type.Object(
        {
          header: text("the header that carries it", "X-API-Key"),
          value: secret("the key as its owner gave it to us", "${env.EXPORT_KEY}"),
        },
        { ...closed, description: "a key in a header" },
      ),
    ),
  },
  { ...closed, description: "how we sign in: one of `basic`, `bearer` and `api_key`; nothing when left out" },
);

export const HttpsOptions = Type.Object(
  {
    url: text("where the files are; the names under `files` are added to it", "https://files.example.com/exports"),
    auth: optional(HttpsAuth),
    ca: optional(file("PEM file of the authority that signed the server's certificate; the public ones when left out", "keys/ca.pem")),
    certificate: optional(file("PEM file of our own certificate, where the server asks for one", "keys/sync.pem")),
    private_key: optional(file("PEM file of the private key that belongs to `certificate`", "keys/sync.key")),
    passphrase: optional(secret("what the private key is encrypted with", "${env.CLIENT_KEY_PASSPHRASE}")),
    insecure: insecure("whether `http://` to another host is allowed; everything then travels readable"),
    timeout,
  },
  {
    ...closed,
    description: "the files are at an address of the web; there is no listing there, so `files` gives their names",
    examples: [{ url: "https://files.example.com/exports", auth: { bearer: { token: "${env.EXPORT_TOKEN}" } } }],
  },
);
export type HttpsOptions = Static<typeof HttpsOptions>;
