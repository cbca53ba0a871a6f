import { type Static, type TProperties, Type } from "typebox";
import { Name } from "./named.js";

/**
 * The only description of what stands under `notify` of `sync.yaml`: the keys that every channel has, and those of each kind of channel. It
 * validates, fills in defaults, becomes the JSON Schema and the configuration reference, like `schema.ts`.
 */

const closed = { additionalProperties: false } as const;

/** What people can be told about. */
export const NOTIFY_EVENTS = ["failed", "waiting", "in doubt", "recovered"] as const;
export type NotifyEvent = (typeof NOTIFY_EVENTS)[number];

export const NOTIFY_COMMON = {
  on: Type.Array(Type.Enum([...NOTIFY_EVENTS]), {
    description:
      "what is told. `failed`: a run was stopped, or could not start; `waiting`: items were added to the list of what waits, or documents wait for approval; `in doubt`: the answer about a document that was sent is unknown; `recovered`: the first run after that in which neither is so any more. An empty list silences the channel",
    default: [...NOTIFY_EVENTS],
    uniqueItems: true,
    examples: [["failed", "in doubt", "recovered"]],
  }),
  pipelines: Type.Optional(
    Type.Array(Type.String(), {
      description: "only about these pipelines; all when left out",
      minItems: 1,
      examples: [["expense-to-gl"]],
    }),
  ),
  language: Type.Optional(
    Type.Enum(["en", "zh"], { description: "language of its messages; that of the project when left out", examples: ["zh"] }),
  ),
  details: Type.Enum(["counts", "keys"], {
    description:
      "`counts`: numbers, amounts, accounts of causes, and nothing that points to a person; `keys`: also the first keys of documents that wait or are in doubt, which are claim numbers and may be personal data",
    default: "counts",
    examples: ["keys"],
  }),
};

const NotifyCommon = Type.Object(NOTIFY_COMMON);
export type NotifyCommon = Static<typeof NotifyCommon>;

// ---------------------------------------------------------------- kinds of channels

const robotUrl = (description: string, example: string) => Type.String({ minLength: 1, secret: true, description, examples: [example] });

const SECRET = (description: string, example: string) =>
  Type.Optional(Type.String({ minLength: 1, secret: true, description, examples: [example] }));

const KEYWORD = Type.Optional(
  Type.String({
    minLength: 1,
    description:
      "a word that the robot asks for in every message; it is put in front where the message does not hold it. Every message begins with `sync`",
    examples: ["对账"],
  }),
);

const CA = Type.Optional(
  Type.String({
    description: "certificate authorities that sign the server's certificate, as a PEM file, instead of those of Node.js",
    path: "file",
    examples: ["certificates/company-ca.pem"],
  }),
);

/** How a web address is reached. */
export const REACH = {
  ca: CA,
  proxy: Type.Optional(
    Type.Object(
      {
        url: Type.String({
          minLength: 1,
          description: "the proxy; we ask it for a tunnel (CONNECT), so it sees the host and nothing else",
          examples: ["http://proxy.example.com:3128"],
        }),
        user: Type.Optional(Type.String({ minLength: 1, description: "user name", examples: ["sync"] })),
        password: Type.Optional(Type.String({ description: "password", secret: true, examples: ["${env.PROXY_PASSWORD}"] })),
      },
      {
        ...closed,
        description: "a proxy between us and the server; none when left out, whatever the environment says",
        examples: [{ url: "http://proxy.example.com:3128" }],
      },
    ),
  ),
  insecure: Type.Boolean({
    description: "whether `http://` is allowed to other hosts than this one; everything then travels readable",
    default: false,
    examples: [true],
  }),
};

const channel = <P extends TProperties>(description: string, properties: P) => Type.Object(properties, { ...closed, description });

export const CHANNELS = {
  email: channel("mail over SMTP", {
    host: Type.String({ minLength: 1, description: "the mail server", examples: ["smtp.example.com"] }),
    port: Type.Optional(
      Type.Integer({
        description: "its port; 587 with `starttls`, 465 with `tls`, 25 with `none` when left out",
        minimum: 1,
        maximum: 65535,
        examples: [587],
      }),
    ),
    security: Type.Enum(["starttls", "tls", "none"], {
      description:
        "`starttls`: the connection is encrypted before anything else, or nothing is sent; `tls`: it is encrypted from the first byte; `none`: everything travels readable, which also needs `insecure: true` where the server is not on this machine",
      default: "starttls",
      examples: ["tls"],
    }),
    insecure: Type.Boolean({
      description: "whether mail and password may travel readable to another host; without it `security: none` is refused",
      default: false,
      examples: [true],
    }),
    user: Type.Optional(Type.String({ minLength: 1, description: "who signs in; nobody when left out", examples: ["sync@example.com"] })),
    password: SECRET("password, or the code that the mail provider gives out for programs", "${env.SMTP_PASSWORD}"),
    from: Type.String({ minLength: 1, description: "sender", examples: ["sync <sync@example.com>"] }),
    to: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description: "recipients", examples: [["finance-it@example.com"]] }),
    ca: CA,
  }),
  dingtalk: channel("a custom robot (自定义机器人) of a DingTalk (钉钉) group", {
    url: robotUrl("its whole address, as DingTalk shows it: whoever has it can write to the group", "${env.DINGTALK_ROBOT_URL}"),
    secret: SECRET(
      "the secret of its signature (加签), `SEC…`; without it the robot must ask for a keyword or know our address",
      "${env.DINGTALK_ROBOT_SECRET}",
    ),
    keyword: KEYWORD,
    ...REACH,
  }),
  feishu: channel("a custom bot (自定义机器人) of a Feishu (飞书) or Lark group", {
    url: robotUrl("its whole address, as Feishu shows it: whoever has it can write to the group", "${env.FEISHU_BOT_URL}"),
    secret: SECRET(
      "the secret of its signature (签名校验); without it the bot must ask for a keyword or know our address",
      "${env.FEISHU_BOT_SECRET}",
    ),
    keyword: KEYWORD,
    ...REACH,
  }),
  wecom: channel("a group robot (群机器人, 消息推送) of WeCom (企业微信)", {
    url: robotUrl(
      "its whole address, as WeCom shows it, on the host of a private edition too: the key in it is all that protects the group",
      "${env.WECOM_ROBOT_URL}",
    ),
    ...REACH,
  }),
  slack: channel("an incoming webhook of Slack", {
    url: robotUrl("its whole address, as Slack shows it: whoever has it can write to the channel", "${env.SLACK_WEBHOOK_URL}"),
    ...REACH,
  }),
  webhook: channel("any program that takes JSON over HTTP", {
    url: robotUrl("where the message is posted; never printed, because keys are pasted into addresses", "https://hooks.example.com/sync"),
    secret: Type.String({
      minLength: 16,
      secret: true,
      description: "the key of the signature, which both sides know; after `whsec_` it is base64, as Standard Webhooks has it",
      examples: ["${env.WEBHOOK_SECRET}"],
    }),
    headers: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        secret: true,
        description: "further headers; never printed, because they often hold keys",
        examples: [{ Authorization: "Bearer ${env.HOOK_TOKEN}" }],
      }),
    ),
    ...REACH,
  }),
};

export type ChannelKind = keyof typeof CHANNELS;
export type ChannelOptions<K extends ChannelKind> = Static<(typeof CHANNELS)[K]>;

export const CHANNEL_KINDS = Object.keys(CHANNELS) as ChannelKind[];

/** What stands under a name of `notify`; further keys are those of its kind. */
export const Channel = Type.Object(
  { channel: Type.Enum(CHANNEL_KINDS, { description: "by which way people are told", examples: ["email"] }), ...NOTIFY_COMMON },
  { description: "one channel: whom to tell, how, and about what; further keys belong to the kind of channel", additionalProperties: true },
);

export const Channels = Type.Record(Name, Channel, {
  ...closed,
  description: "whom runs tell of failures, of what waits, and of recovery: channels by name",
});
