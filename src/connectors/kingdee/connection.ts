import { type Static, Type } from "typebox";
import { HttpConnection } from "../http/connection.js";
import { DURATION } from "../http/option-parts.js";

const text = (description: string, ...examples: string[]) => Type.String({ minLength: 1, description, examples });
const secret = (description: string, ...examples: string[]) => Type.String({ minLength: 1, description, secret: true, examples });

const { ca, certificate, proxy, rate, max_response, insecure } = HttpConnection.properties;

const SIGN_INS = ["ValidateUser", "LoginByAppSecret", "LoginBySign", "signed requests"] as const;

export const KingdeeConnection = Type.Object(
  {
    url: text("the site, up to and with its application; some sites write it `/K3Cloud/`", "https://erp.example.com/k3cloud/"),
    account_set: text("id of the account set (数据中心)", "63f1d2a4b5c6d7"),
    user: text("the user that we sign in as, or act for", "sync"),
    sign_in: Type.Enum([...SIGN_INS], {
      description:
        "how we sign in: `ValidateUser` with a password; `LoginByAppSecret` and `LoginBySign` with a registered third-party app; `signed requests` of such an app, without a session",
      default: "LoginBySign",
      examples: ["ValidateUser", "signed requests"],
    }),
    password: Type.Optional(secret("password of the user, for `ValidateUser`", "${env.K3_PASSWORD}")),
    app_id: Type.Optional(text("id of the third-party app, as the ERP shows it", "200000_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB")),
    app_secret: Type.Optional(secret("secret of the third-party app", "${env.K3_APP_SECRET}")),
    organisation: Type.Optional(text("number of the organisation to work in; the user's own when left out", "100")),
    language: Type.Integer({ description: "locale id of texts and messages: 2052 Chinese, 1033 English", default: 2052, examples: [1033] }),
    sessions: Type.Integer({
      description:
        "sessions at once, and with it calls at once; more than a few are advised against, because the server takes the calls of a session one by one and each session counts as a user",
      default: 3,
      minimum: 1,
      maximum: 16,
      examples: [1],
    }),
    sign_out: Type.Boolean({
      description:
        "whether sessions are ended (`Logout`) when a run is done with them; otherwise they end by themselves after about 20 minutes without a call, and a chain of runs may open more than the site has. `Logout` was seen in several clients; nothing depends on its answer",
      default: true,
      examples: [false],
    }),
    time_zone: Type.String({
      minLength: 1,
      description: "the clock of the server, in which the ERP gives times without a zone (IANA name)",
      default: "Asia/Shanghai",
      examples: ["Asia/Hong_Kong"],
    }),
    timeout: Type.String({
      description: "how long a call may take, from the first byte sent to the last received",
      default: "2m",
      pattern: DURATION,
      examples: ["5m"],
    }),
    company: Type.Optional(
      text(
        "the books where only one run may write at a time: runs of other pipelines that name the same wait for their turn. Account set and organisation when left out",
        "001",
      ),
    ),
    rate,
    max_response,
    ca,
    certificate,
    proxy,
    insecure,
  },
  { additionalProperties: false },
);
export type KingdeeConnection = Static<typeof KingdeeConnection>;
