import { createHmac, timingSafeEqual } from "node:crypto";
import type { ServerResponse } from "node:http";
import { type Received, type Reply, type Served, serve } from "../connectors/http-setup.js";

/**
 * Stand-ins of the group robots, written from their documentation and sharing nothing with the program: each verifies the signature itself, enforces
 * the limits, and answers HTTP 200 also where it refuses.
 */
export interface RobotRules {
  readonly token: string;
  readonly secret?: string;
  readonly keyword?: string;
  /** The clock of the robot. */
  readonly now: Date;
}

const HOUR_MS = 3_600_000;

/** What a robot took, as people in the group see it. */
export interface Robot extends Served {
  readonly messages: string[];
}

async function robot(path: string, judge: (request: Received, url: URL, take: (text: string) => void) => Reply): Promise<Robot> {
  const messages: string[] = [];
  const served = await serve((request) => judge(request, new URL(request.url, "http://robot"), (text) => messages.push(text)));
  return { ...served, url: `${served.url}${path}`, messages };
}

/** `sign = urlencode(base64(HMAC-SHA256(secret, timestamp + "\n" + secret)))` in the query, in milliseconds, for an hour; 20,000 bytes. */
export function dingtalkRobot({ token, secret, keyword, now }: RobotRules): Promise<Robot> {
  return robot(`/robot/send?access_token=${token}`, (request, url, take) => {
    const refuse = (errcode: number, errmsg: string): Reply => ({ body: { errcode, errmsg } });
    if (request.method !== "POST") return refuse(43002, "require POST http method");
    if (!/^application\/json/.test(request.headers["content-type"] ?? "")) return refuse(43004, "Content-Type must be json");
    if (url.searchParams.get("access_token") !== token)
      return refuse(300005, `token is not exist: ${url.searchParams.get("access_token")}`);
    if (Buffer.byteLength(request.body) > 20_000) return refuse(460101, "message too long, exceed 20000 bytes");
    if (secret !== undefined) {
      const timestamp = url.searchParams.get("timestamp") ?? "";
      if (Math.abs(now.getTime() - Number(timestamp)) > HOUR_MS) return refuse(310000, "invalid timestamp");
      if (!fits(url.searchParams.get("sign"), createHmac("sha256", secret).update(`${timestamp}\n${secret}`, "utf8").digest("base64")))
        return refuse(310000, "sign not match");
    }
    const { msgtype, text } = JSON.parse(request.body) as { msgtype: string; text: { content: string } };
    if (msgtype !== "text") return refuse(400105, "unsupported msgtype");
    if (keyword !== undefined && !text.content.includes(keyword)) return refuse(310000, "keywords not in content");
    take(text.content);
    return { body: { errcode: 0, errmsg: "ok" } };
  });
}

/** `base64(HMAC-SHA256(timestamp + "\n" + secret, ""))` in the body, in seconds, for an hour; 20 KB. */
export function feishuRobot({ token, secret, keyword, now }: RobotRules): Promise<Robot> {
  return robot(`/open-apis/bot/v2/hook/${token}`, (request, url, take) => {
    const refuse = (code: number, msg: string): Reply => ({ body: { code, msg, data: {} } });
    if (!url.pathname.endsWith(`/${token}`)) return refuse(19001, "param invalid: incoming webhook access token invalid");
    if (Buffer.byteLength(request.body) > 20_480) return refuse(9499, "Bad Request");
    const body = JSON.parse(request.body) as {
      timestamp?: string;
      sign?: string;
      msg_type: string;
      content: { post: Record<string, { content: { tag: string; text: string }[][] }> };
    };
    if (secret !== undefined) {
      const { timestamp = "", sign = null } = body;
      const isFresh = /^\d{10}$/.test(timestamp) && Math.abs(now.getTime() / 1000 - Number(timestamp)) <= 3_600;
      const expected = createHmac("sha256", `${timestamp}\n${secret}`).update("").digest("base64");
      if (!isFresh || !fits(sign, expected)) return refuse(19021, "sign match fail or timestamp is not within one hour from current time");
    }
    if (body.msg_type !== "post") return refuse(19002, "params error, msg_type need");
    const [{ content = [] } = {}] = Object.values(body.content.post);
    const text = content
      .flat()
      .map((each) => each.text)
      .join("");
    if (keyword !== undefined && !text.includes(keyword)) return refuse(19024, "Key Words Not Found");
    take(text);
    return { body: { StatusCode: 0, StatusMessage: "success", code: 0, data: {}, msg: "success" } };
  });
}

/** No signature; a text has at most 2,048 bytes. */
export function wecomRobot({ token }: Pick<RobotRules, "token">): Promise<Robot> {
  return robot(`/cgi-bin/webhook/send?key=${token}`, (request, url, take) => {
    const refuse = (errcode: number, errmsg: string): Reply => ({ body: { errcode, errmsg } });
    if (url.searchParams.get("key") !== token) return refuse(93000, "invalid webhook url");
    const { msgtype, text } = JSON.parse(request.body) as { msgtype: string; text: { content: string } };
    if (msgtype !== "text") return refuse(40008, "invalid message type");
    if (Buffer.byteLength(text.content) > 2_048) return refuse(45002, "content size out of limit");
    take(text.content);
    return { body: { errcode: 0, errmsg: "ok" } };
  });
}

/** Answers with the word `ok`, or with a status and a word. Shows `&amp;`, `&lt;` and `&gt;` as what they stand for. */
export function slackHook({ token }: Pick<RobotRules, "token">): Promise<Robot> {
  return robot(`/services/T00/B00/${token}`, (request, url, take) => {
    if (!url.pathname.endsWith(`/${token}`)) return { status: 404, body: "no_service" };
    const { text } = JSON.parse(request.body) as { text: string };
    if (/<[^>]*>/.test(text)) take("somebody was called");
    take(text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&"));
    return { body: "ok" };
  });
}

export interface Hooked {
  readonly format: number;
  readonly project: string;
  readonly test: boolean;
  readonly subject: string;
  readonly text: string;
  readonly pipelines: readonly Record<string, unknown>[];
}

/** Verifies as Standard Webhooks 1.0 says: `v1,` and base64 of HMAC-SHA256 over id, timestamp and body, parted by points; five minutes. */
export async function hookServer(key: Buffer, now: Date): Promise<Served & { readonly bodies: Hooked[] }> {
  const bodies: Hooked[] = [];
  const served = await serve(({ headers, body }) => {
    const [id, timestamp, signature] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => String(headers[name]));
    const signed = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
    if (Math.abs(now.getTime() / 1000 - Number(timestamp)) > 300) return { status: 401, body: "too old" };
    if (!fits(signature ?? null, `v1,${signed}`)) return { status: 401, body: "wrong signature" };
    bodies.push(JSON.parse(body) as Hooked);
    return { status: 204 };
  });
  return { ...served, bodies };
}

/** Takes the request and never answers. */
export function hangingServer(): Promise<Served> {
  return serve((_: Received, __: ServerResponse) => undefined);
}

function fits(given: string | null, expected: string): boolean {
  const [a, b] = [Buffer.from(given ?? ""), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
