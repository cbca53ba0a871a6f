import { type Static, Type } from "typebox";
import { HttpConnection } from "../http/connection.js";
import { closed } from "../http/option-parts.js";

const { timeout, rate, max_response, ca, certificate, proxy, insecure, company } = HttpConnection.properties;

const text = (description: string, ...examples: string[]) => Type.String({ minLength: 1, description, examples });

export const HesiConnection = Type.Object(
  {
    url: Type.String({
      minLength: 1,
      description:
        "address prefix (地址前缀) of the tenant: stand-alone, DingTalk, DingTalk with a self-built app, WeCom, 云之家 and Feishu each have one of their own",
      default: "https://app.ekuaibao.com",
      examples: [
        "https://app.ekuaibao.com",
        "https://dd2.hosecloud.com",
        "https://ddenterprise.ekuaibao.com",
        "https://wx2.ekuaibao.com",
        "https://kdcloud2.ekuaibao.com",
        "https://feishu.ekuaibao.com",
      ],
    }),
    locate: Type.Optional(
      text(
        "id of the company (corpId): the system at `url` is asked for the tenant's own prefix, which is then used instead",
        "-yQbjbywbc640011",
      ),
    ),
    hosts: Type.Optional(
      Type.Array(text("host, with its port where it has one", "hesi.example.com"), {
        minItems: 1,
        description: "hosts that `locate` may lead to, beside those of the vendor; credentials are sent there",
        examples: [["hesi.example.com"]],
      }),
    ),
    app_key: text("appKey of the account for the open API (接入账号)", "3f0e6a52-1b7c-4c8e-9f55-5d2a8b1c7e10"),
    app_security: Type.String({
      minLength: 1,
      description: "appSecurity of that account (接入密码)",
      secret: true,
      examples: ["${env.HESI_APP_SECURITY}"],
    }),
    sign_in: Type.Enum(["v1", "v3", "self-built app"], {
      description: "how a token is got: `v1`, the usual one, `v3` from `sign_in_url`, or that of a self-built app",
      default: "v1",
      examples: ["v3", "self-built app"],
    }),
    sign_in_url: Type.String({
      minLength: 1,
      description: "for `sign_in: v3`: where the token is asked for",
      default: "https://open.hosecloud.com",
      examples: ["https://open.hosecloud.com"],
    }),
    app_secret_name: Type.Enum(["appSecret", "appSecurity"], {
      description: "for a self-built app: what the password is called; the vendor's table says `appSecret` and its example `appSecurity`",
      default: "appSecret",
      examples: ["appSecurity"],
    }),
    concurrency: Type.Integer({
      description: "calls that may be under way at once; how many the system bears is not known",
      default: 4,
      minimum: 1,
      maximum: 64,
      examples: [2],
    }),
    company,
    timeout,
    rate,
    max_response,
    ca,
    certificate,
    proxy,
    insecure,
  },
  closed,
);
export type HesiConnection = Static<typeof HesiConnection>;
