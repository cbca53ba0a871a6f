import { type Static, Type } from "typebox";
import type { ConnectorContext } from "../contract.js";
import { durationMs } from "../files/duration.js";
import { HttpClient } from "../http.js";
import { compileRule, readAnswer } from "./answer.js";
import { headerName, headerValue } from "./headers.js";
import { Network } from "./network.js";
import { closed, DURATION, when } from "./option-parts.js";
import { ReachingTransport } from "./reach.js";
import { Redaction } from "./redaction.js";
import type { SignIn } from "./sign-in/grant.js";
import { openSignIn, type SignInContext } from "./sign-in/open.js";
import { Auth } from "./sign-in/options.js";
import type { Answer } from "./transport.js";
import { readUrl, refuseConnection } from "./url.js";

const text = (description: string, ...examples: string[]) =>
  Type.String({ minLength: 1, description, ...(examples.length > 0 ? { examples } : {}) });

const file = (description: string, ...examples: string[]) => Type.String({ description, path: "file", examples });

const Certificate = Type.Object(
  {
    cert: Type.Optional(file("the certificate, and those between it and its authority, as a PEM file", "certificates/sync.pem")),
    key: Type.Optional(file("its private key, as a PEM file", "certificates/sync.key")),
    pfx: Type.Optional(file("both in one PKCS#12 file", "certificates/sync.p12")),
    passphrase: Type.Optional(
      Type.String({
        description: "passphrase of the key or of the PKCS#12 file",
        secret: true,
        examples: ["${env.CERTIFICATE_PASSPHRASE}"],
      }),
    ),
  },
  { ...closed, description: "the certificate by which the server knows us, where it asks for one" },
);

const ProxyServer = Type.Object(
  {
    url: text("the proxy; we ask it for a tunnel (CONNECT), so it sees the host and nothing else", "http://proxy.example.com:3128"),
    user: Type.Optional(text("user name", "sync")),
    password: Type.Optional(Type.String({ description: "password", secret: true, examples: ["${env.PROXY_PASSWORD}"] })),
  },
  { ...closed, description: "a proxy between us and the system; none when left out, whatever the environment says" },
);

export const HttpConnection = Type.Object(
  {
    url: text("where the API begins; paths of the pipeline are added to it", "https://erp.example.com/api/v2"),
    auth: Type.Optional(Auth),
    signed_out: Type.Optional(
      when("what an answer looks like that means that the sign-in is over and nothing was done, beside a 401; we then sign in anew, once"),
    ),
    headers: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        secret: true,
        description: "headers of every call; never printed, because they often hold keys",
        examples: [{ "X-Company": "001" }],
      }),
    ),
    timeout: Type.String({
      description: "how long a call may take, from the first byte sent to the last received",
      default: "30s",
      pattern: DURATION,
      examples: ["90s"],
    }),
    concurrency: Type.Integer({
      description: "calls that may be under way at once; 1 where the system wants one writer",
      default: 4,
      minimum: 1,
      maximum: 256,
      examples: [1],
    }),
    company: Type.Optional(
      text(
        "the set of books behind it, where only one run may write at a time: runs of other pipelines that name it wait for their turn",
        "001",
      ),
    ),
    rate: Type.Optional(
      Type.Number({
        description: "most calls in a second, spaced evenly; no limit when left out",
        exclusiveMinimum: 0,
        examples: [5, 0.5],
      }),
    ),
    max_response: Type.Integer({
      description: "longest answer that is read, in bytes",
      default: 10_485_760,
      minimum: 1024,
      examples: [1_048_576],
    }),
    ca: Type.Optional(
      Type.String({
        description: "certificate authorities that sign the server's certificate, as a PEM file, instead of those of Node.js",
        path: "file",
        examples: ["certificates/company-ca.pem"],
      }),
    ),
    certificate: Type.Optional(Certificate),
    proxy: Type.Optional(ProxyServer),
    hosts: Type.Optional(
      Type.Array(text("host, with its port where it has one", "files.example.com"), {
        minItems: 1,
        description: "other hosts of the same system that the next page may be on; credentials are sent there too",
        examples: [["eu.erp.example.com"]],
      }),
    ),
    insecure: Type.Boolean({
      description: "whether `http://` is allowed to other hosts than this one; everything then travels readable",
      default: false,
      examples: [true],
    }),
  },
  closed,
);
export type HttpConnection = Static<typeof HttpConnection>;

export interface Opened {
  readonly client: HttpClient;
  readonly redaction: Redaction;
  /** Where the API begins. */
  readonly base: URL;
  /** What problems call the system: host and port, nothing of the path. */
  readonly name: string;
}

/** What the connector of one system knows about signing in there, in the place of `auth` and `signed_out`. */
export interface OwnSignIn {
  readonly open: (context: SignInContext) => SignIn;
  /** An answer that says that we are not signed in, which proves that nothing was done. */
  readonly isSignedOut: (answer: Answer) => boolean;
}

/** Throws ProblemError when the options contradict each other. Nothing is sent. */
export function openConnection(
  options: HttpConnection,
  context: Pick<ConnectorContext, "now" | "sleep" | "observer">,
  own?: OwnSignIn,
): Opened {
  const base = readUrl("url", options.url, options.insecure);
  if (base.search !== "") refuseConnection("`url` has a query", "a key belongs under `auth`, as `api_key: { query: NAME, value: … }`");
  const timeoutMs = durationMs(options.timeout) ?? 0;
  if (timeoutMs <= 0) refuseConnection(`\`timeout\` is \`${options.timeout}\``, "expected a time such as `30s`");
  const redaction = new Redaction();
  const headers = { accept: "application/json", "user-agent": "erp-sync", ...readHeaders(options.headers ?? {}, redaction) };
  const maxResponseBytes = options.max_response;
  const { sleep, observer } = context;
  const transport = new ReachingTransport({ timeoutMs, maxResponseBytes }, new Network(options, redaction), sleep, observer);
  const signing = { base, transport, redaction, timeoutMs, now: context.now, sleep: context.sleep };
  const signIn = own?.open(signing) ?? openSignIn(options, signing);
  const signedOut = options.signed_out === undefined ? null : compileRule(options.signed_out, "signed_out");
  const { concurrency, rate = null } = options;
  const client = new HttpClient({
    base,
    concurrency,
    rate,
    headers,
    signIn,
    isSignedOut: own?.isSignedOut ?? ((answer) => answer.status === 401 || signedOut?.fits(readAnswer(answer)) === true),
    transport,
    redaction,
    now: context.now,
    sleep: context.sleep,
    observer: context.observer,
  });
  return { client, redaction, base, name: base.host };
}

/** Short ones are switches and codes (`application/json`, `001`), and covering them would make every message unreadable. */
const SHORTEST_SECRET_HEADER = 8;
const PLAIN_HEADERS = new Set(["accept", "accept-language", "content-type", "user-agent"]);

function readHeaders(headers: Readonly<Record<string, string>>, redaction: Redaction): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([written, value]) => {
      const name = headerName("headers", written);
      if (value.length >= SHORTEST_SECRET_HEADER && !PLAIN_HEADERS.has(name)) redaction.hide(value);
      return [name, headerValue(`headers.${written}`, value)];
    }),
  );
}
