import { type Static, Type } from "typebox";
import { ProblemError, problem } from "../../model/problem.js";
import type { ConnectorContext } from "../contract.js";
import { durationMs } from "../files/duration.js";
import { HttpClient } from "../http.js";
import { headerName, headerValue } from "./headers.js";
import { OAuth2SignIn } from "./oauth2.js";
import { Redaction } from "./redaction.js";
import { basicHeader, fixedSignIn, type SignIn } from "./sign-in.js";
import { Transport } from "./transport.js";

const closed = { additionalProperties: false };
export const DURATION = "^(0|\\d{1,9}(ms|s|m|h))$";

const text = (description: string, ...examples: string[]) =>
  Type.String({ minLength: 1, description, ...(examples.length > 0 ? { examples } : {}) });
const secret = (description: string, ...examples: string[]) => Type.String({ minLength: 1, description, secret: true, examples });

const Auth = Type.Object(
  {
    basic: Type.Optional(
      Type.Object(
        { user: text("user name", "sync"), password: secret("password", "${env.ERP_PASSWORD}") },
        { ...closed, description: "user and password (RFC 7617)" },
      ),
    ),
    bearer: Type.Optional(
      Type.Object({ token: secret("a token that does not change", "${env.ERP_TOKEN}") }, { ...closed, description: "a fixed token" }),
    ),
    api_key: Type.Optional(
      Type.Object(
        {
          header: Type.Optional(text("the header that carries it", "X-API-Key")),
          query: Type.Optional(text("the query parameter that carries it, where the system wants it in the URL", "access_token")),
          value: secret("the key", "${env.ERP_API_KEY}"),
        },
        { ...closed, description: "a key in a header or a query parameter" },
      ),
    ),
    oauth2: Type.Optional(
      Type.Object(
        {
          token_url: text("the token endpoint", "https://login.example.com/oauth2/token"),
          client_id: text("client id", "sync"),
          client_secret: secret("client secret", "${env.ERP_CLIENT_SECRET}"),
          scope: Type.Optional(text("scopes, separated by blanks", "vouchers.write vouchers.read")),
          audience: Type.Optional(text("audience, where the endpoint asks for one", "https://erp.example.com")),
          send_in: Type.Enum(["header", "body"], { description: "how id and secret are sent to the token endpoint", default: "header" }),
        },
        { ...closed, description: "OAuth 2.0 client credentials; the token is renewed before it expires and once after a 401" },
      ),
    ),
  },
  { ...closed, description: "how we sign in: one of `basic`, `bearer`, `api_key` and `oauth2`; nothing when left out" },
);

export const HttpConnection = Type.Object(
  {
    url: text("where the API begins; paths of the pipeline are added to it", "https://erp.example.com/api/v2"),
    auth: Type.Optional(Auth),
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

/** Throws ProblemError when the options contradict each other. Nothing is sent. */
export function openConnection(options: HttpConnection, context: Pick<ConnectorContext, "now" | "sleep">): Opened {
  const base = readUrl("url", options.url, options.insecure);
  if (base.search !== "") refuse("`url` has a query", "a key belongs under `auth`, as `api_key: { query: NAME, value: … }`");
  const timeoutMs = durationMs(options.timeout) ?? 0;
  if (timeoutMs <= 0) refuse(`\`timeout\` is \`${options.timeout}\``, "expected a time such as `30s`");
  const redaction = new Redaction();
  const headers = { accept: "application/json", "user-agent": "erp-sync", ...readHeaders(options.headers ?? {}, redaction) };
  const maxResponseBytes = options.max_response;
  const transport = new Transport({ timeoutMs, maxResponseBytes });
  const signIn = signInOf(options, transport, redaction, context.now);
  const { concurrency, rate = null } = options;
  const client = new HttpClient({ base, concurrency, rate, headers, signIn, transport, redaction, now: context.now, sleep: context.sleep });
  return { client, redaction, base, name: base.host };
}

function signInOf({ auth, insecure }: HttpConnection, transport: Transport, redaction: Redaction, now: () => Date): SignIn {
  const given = Object.keys(auth ?? {});
  if (auth === undefined || given.length === 0) return fixedSignIn();
  if (given.length > 1) refuse(`\`auth\` has ${given.map((name) => `\`${name}\``).join(" and ")}`, "keep one of them");
  const { basic, bearer, api_key: key, oauth2 } = auth;
  if (basic !== undefined) {
    redaction.hide(basic.password);
    // A colon would end the name (RFC 7617, 2), and the rest of it would be sent as a part of the password.
    if (basic.user.includes(":")) refuse("`auth.basic.user` has a colon", "a user name cannot have one");
    const header = basicHeader(basic.user, basic.password);
    redaction.hide(header.slice("Basic ".length));
    return fixedSignIn({ headers: { authorization: header } });
  }
  if (bearer !== undefined) {
    redaction.hide(bearer.token);
    return fixedSignIn({ headers: { authorization: `Bearer ${headerValue("auth.bearer.token", bearer.token)}` } });
  }
  if (key !== undefined) {
    redaction.hide(key.value);
    if ((key.header === undefined) === (key.query === undefined))
      refuse("`auth.api_key` needs either `header` or `query`", "say where the system looks for the key");
    if (key.query !== undefined) return fixedSignIn({ query: { [key.query]: key.value } });
    const name = headerName("auth.api_key.header", key.header ?? "");
    return fixedSignIn({ headers: { [name]: headerValue("auth.api_key.value", key.value) } });
  }
  if (oauth2 === undefined) return fixedSignIn();
  redaction.hide(oauth2.client_secret);
  redaction.hide(basicHeader(oauth2.client_id, oauth2.client_secret).slice("Basic ".length));
  const credentials = {
    tokenUrl: readUrl("auth.oauth2.token_url", oauth2.token_url, insecure),
    clientId: oauth2.client_id,
    clientSecret: oauth2.client_secret,
    scope: oauth2.scope ?? null,
    audience: oauth2.audience ?? null,
    sendIn: oauth2.send_in,
  };
  return new OAuth2SignIn(credentials, transport, redaction, now);
}

/** The text of a URL is not repeated in problems: keys are pasted into URLs. */
function readUrl(option: string, written: string, insecure: boolean): URL {
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:"))
    return refuse(`\`${option}\` is not a URL`, "expected one such as `https://erp.example.com/api`");
  if (url.username !== "" || url.password !== "")
    refuse(`\`${option}\` holds a user name or a password`, "move them to `auth`, as `basic: { user: …, password: … }`");
  if (url.protocol === "http:" && !insecure && !isLoopback(url.hostname)) {
    refuse(
      `\`${option}\` is not encrypted: \`http://${url.host}\``,
      "write `https://`, or `insecure: true` if everybody on the way may read it",
    );
  }
  return url;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
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

function refuse(found: string, hint: string): never {
  throw new ProblemError(problem("CONFIG_WRONG_VALUE", `connection: ${found}`, [], hint));
}
