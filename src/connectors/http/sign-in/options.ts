import { type Static, Type } from "typebox";
import { answerPath, closed, DURATION, when } from "../option-parts.js";

const text = (description: string, ...examples: string[]) => Type.String({ minLength: 1, description, examples });
const secret = (description: string, ...examples: string[]) => Type.String({ minLength: 1, description, secret: true, examples });
const texts = (description: string, ...examples: Record<string, string>[]) =>
  Type.Record(Type.String({ minLength: 1 }), Type.String(), { description, examples });

const OAuth2 = Type.Object(
  {
    token_url: text("the token endpoint", "https://login.example.com/oauth2/token"),
    client_id: text("client id", "sync"),
    client_secret: Type.Optional(secret("client secret; only a client with a refresh token can be without", "${env.ERP_CLIENT_SECRET}")),
    refresh_token_file: Type.Optional(
      Type.String({
        description:
          "a file with a refresh token and nothing else, which is used instead of client credentials. Where the endpoint gives a new one, the file is replaced at once; its folder must be writable. Keep it out of the project",
        path: "file",
        examples: ["/var/lib/sync/erp.refresh-token"],
      }),
    ),
    scope: Type.Optional(text("scopes, separated by blanks", "vouchers.write vouchers.read")),
    audience: Type.Optional(text("audience, where the endpoint asks for one", "https://erp.example.com")),
    send_in: Type.Enum(["header", "body"], {
      description: "how id and secret are sent to the token endpoint",
      default: "header",
      examples: ["body"],
    }),
  },
  {
    ...closed,
    description:
      "OAuth 2.0: client credentials, or a refresh token; the access token is renewed before it expires and once after it was refused",
  },
);

const hmac = (example: string) => ({
  key: secret("the key", "${env.ERP_SECRET}"),
  text: secret(
    "what is signed, with paths in braces: `$.timestamp` and `$.nonce` (ten random digits); of a request also `$.method`, `$.path`, `$.query` (as they are sent) and `$.body`",
    example,
  ),
  encoding: Type.Enum(["base64", "hex", "base64 of hex"], {
    description: "how the signature is written",
    default: "base64",
    examples: ["hex"],
  }),
  timestamp: Type.Enum(["ms", "s"], {
    description: "whether `$.timestamp` counts milliseconds or seconds since 1970",
    default: "ms",
    examples: ["s"],
  }),
});

const Life = Type.Union(
  [
    Type.String({ pattern: DURATION }),
    Type.Object(
      {
        path: answerPath("where the time stands", "$.data.expire"),
        unit: Type.Enum(["s", "ms", "until s", "until ms", "until iso"], {
          description: "seconds or milliseconds to live; or until when, since 1970 or as `2026-01-31T16:00:00Z`",
          examples: ["s", "until ms"],
        }),
      },
      closed,
    ),
  ],
  {
    description: "how long the token lives: a fixed time, or a place in the answer. Until it is refused when left out",
    examples: ["110m", { path: "$.data.expire", unit: "s" }],
  },
);

const Token = Type.Object(
  {
    url: Type.String({
      pattern: "^(/|https?://)",
      description: "where the token is asked for: a whole URL, or a path that is added to the connection's `url`",
      examples: ["/api/openapi/v1/auth/getAccessToken"],
    }),
    method: Type.Optional(
      Type.Enum(["GET", "POST", "PUT"], {
        description: "HTTP method; GET when left out, and POST where something is sent",
        examples: ["GET"],
      }),
    ),
    query: Type.Optional(
      Type.Record(Type.String({ minLength: 1 }), Type.String(), {
        secret: true,
        description: "parameters of the URL; `$.timestamp`, `$.nonce` and `$.signature` come from `hmac`",
        examples: [{ appKey: "a1b2", timestamp: "$.timestamp", signature: "$.signature" }],
      }),
    ),
    headers: Type.Optional(
      Type.Record(Type.String(), Type.String(), { secret: true, description: "headers of this call", examples: [{ "X-App": "a1b2" }] }),
    ),
    body: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        secret: true,
        description: "what is sent as JSON",
        examples: [{ appKey: "a1b2", appSecurity: "${env.HESI_SECRET}" }],
      }),
    ),
    form: Type.Optional(
      Type.Record(Type.String({ minLength: 1 }), Type.String(), {
        secret: true,
        description: "what is sent as a form",
        examples: [{ user: "sync", password: "${env.ERP_PASSWORD}" }],
      }),
    ),
    hmac: Type.Optional(
      Type.Object(hmac("{$.timestamp}{$.nonce}"), {
        ...closed,
        description: "a signature of the time and the key, where the endpoint asks for one",
      }),
    ),
    token: Type.Union(
      [answerPath("", "$.value.accessToken"), Type.Object({ header: text("the header of the answer", "X-Auth-Token") }, closed)],
      {
        description: "where the token stands in the answer",
        examples: ["$.value.accessToken", { header: "X-Auth-Token" }],
      },
    ),
    life: Type.Optional(Life),
    rejected: Type.Optional(
      Type.Object(
        {
          when: when("what the answer looks like; of a list, all must hold"),
          message: Type.Optional(answerPath("where the system says why", "$.message")),
        },
        { ...closed, description: "what means that we are not let in, although HTTP says 200" },
      ),
    ),
    send: Type.Object(
      {
        header: Type.Optional(text("the header that carries it", "Authorization")),
        value: Type.Optional(text("what that header holds; the token alone when left out", "Bearer {$.token}")),
        query: Type.Optional(text("the query parameter that carries it", "accessToken")),
        body: Type.Optional(text("the field of a JSON or form body that carries it", "access_token")),
      },
      {
        ...closed,
        description: "how the token is sent with every call: one of `header`, `query` and `body`",
        examples: [{ query: "accessToken" }],
      },
    ),
  },
  { ...closed, description: "a token that is asked for first, however the system wants that" },
);

const Signature = Type.Object(
  {
    hmac: Type.Optional(
      Type.Object(
        {
          ...hmac("{$.method}\n{$.path}\n{$.timestamp}\n{$.body}"),
          headers: Type.Optional(
            texts("headers that are added, with paths in braces: `$.signature`, `$.timestamp`, `$.nonce`", {
              "X-Signature": "{$.signature}",
            }),
          ),
          query: Type.Optional(texts("query parameters that are added", { sign: "$.signature", timestamp: "$.timestamp" })),
        },
        { ...closed, description: "HMAC (RFC 2104) with SHA-256 over a text of your choice" },
      ),
    ),
    kingdee_gateway: Type.Optional(
      Type.Object(
        {
          client_id: text("client id of the platform application", "200000"),
          client_secret: secret("client secret", "${env.JDY_CLIENT_SECRET}"),
        },
        { ...closed, description: "the API gateway of Kingdee 云星辰 (`X-Api-Signature`)" },
      ),
    ),
    kingdee_app: Type.Optional(
      Type.Object(
        {
          app_id: text("app id as the ERP shows it, with an underscore in it", "200000_AAAA…"),
          app_secret: secret("app secret", "${env.K3_APP_SECRET}"),
          account: text("id of the account set (数据中心)", "63f1d2a4b5c6d7"),
          user: text("user the app acts for", "demo"),
          organisation: Type.String({ description: "number of the organisation; `0` is the user's own", default: "0", examples: ["100"] }),
        },
        { ...closed, description: "a third-party app of Kingdee K3Cloud (`X-Kd-Signature`)" },
      ),
    ),
  },
  { ...closed, description: "every request is signed: one of `hmac`, `kingdee_gateway` and `kingdee_app`; may stand beside `token`" },
);

export const Auth = Type.Object(
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
    oauth2: Type.Optional(OAuth2),
    token: Type.Optional(Token),
    signature: Type.Optional(Signature),
  },
  {
    ...closed,
    description: "how we sign in: one of `basic`, `bearer`, `api_key`, `oauth2`, `token` and `signature`; nothing when left out",
  },
);
export type Auth = Static<typeof Auth>;
export type OAuth2Options = Static<typeof OAuth2>;
export type TokenOptions = Static<typeof Token>;
export type SignatureOptions = Static<typeof Signature>;
