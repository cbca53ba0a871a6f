import { type Static, Type } from "typebox";
import { HttpConnection } from "../http/connection.js";
import { DURATION } from "../http/option-parts.js";

const text = (description: string, ...examples: string[]) => Type.String({ minLength: 1, description, examples });
const secret = (description: string, ...examples: string[]) => Type.String({ minLength: 1, description, secret: true, examples });

const { ca, certificate, proxy, rate, max_response, insecure } = HttpConnection.properties;

export const TrytonConnection = Type.Object(
  {
    url: text("the server with the name of the database", "https://erp.example.com/company"),
    sign_in: Type.Enum(["session", "basic", "application key"], {
      description:
        "how we sign in: `session` once, and anew where it ended; `basic` with the password in every call, which costs the server about 0.2 s each; `application key` with the key of a user application, where the site lets keys call the API",
      default: "session",
      examples: ["basic"],
    }),
    user: Type.Optional(text("the login of the user, for `session` and `basic`", "poster")),
    password: Type.Optional(secret("password of the user, for `session` and `basic`", "${env.TRYTON_PASSWORD}")),
    key: Type.Optional(secret("key of the user application, for `application key`", "${env.TRYTON_KEY}")),
    company: Type.Optional(
      text("code or name of the company to work in; the one the user has chosen in the ERP when left out", "示例科技有限公司"),
    ),
    language: Type.Optional(text("language of messages and of translated texts; the user's own when left out", "zh_CN")),
    backend: Type.Enum(["sqlite", "postgresql"], {
      description:
        "the database behind the ERP. On `sqlite` writers at the same time get the same voucher numbers, so that only one may write",
      default: "sqlite",
      examples: ["postgresql"],
    }),
    writers: Type.Integer({
      description:
        "calls at once. More than 1 needs `backend: postgresql`; then runs of other pipelines into the same company do not wait for their turn either",
      default: 1,
      minimum: 1,
      maximum: 16,
      examples: [1],
    }),
    timeout: Type.String({
      description: "how long a call may take, from the first byte sent to the last received",
      default: "2m",
      pattern: DURATION,
      examples: ["5m"],
    }),
    rate,
    max_response,
    ca,
    certificate,
    proxy,
    insecure,
  },
  { additionalProperties: false },
);
export type TrytonConnection = Static<typeof TrytonConnection>;
