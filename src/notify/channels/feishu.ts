import { createHmac } from "node:crypto";
import type { ChannelOptions } from "../../config/notify-schema.js";
import type { Sender, SenderContext } from "../channel.js";
import { judgeRobot, Poster, type RobotCodes, withKeyword } from "../post.js";
import { plainText } from "../text.js";

/** The body may have 20 KB; the JSON around the text needs some of them. */
const MOST_BYTES = 18_000;

/** Codes as Feishu's documentation of custom bots and real answers have them. */
const CODES: RobotCodes = {
  code: "code",
  words: "msg",
  // Five a second, or the whole system is busy, as at every full hour: worth another try at once.
  busy: [11232],
  throttled: /$./,
  hints: {
    9499: "it does not understand the message",
    19001: "the bot is not there: copy its address anew",
    19021: "the signature does not fit: compare `secret`, and the clock of this machine",
    19022: "it knows a list of addresses, and ours is not on it",
    19024: "it asks for a word in every message: give it as `keyword`",
  },
};

/** A custom bot of Feishu or Lark. */
export function openFeishu({ secret, keyword, ...reach }: ChannelOptions<"feishu">, context: SenderContext): Sender {
  const poster = new Poster(reach, context);
  return {
    send(message) {
      const text = withKeyword(plainText(message, MOST_BYTES), keyword);
      // A post, because in a plain text `<at user_id="all">` would call everybody, whoever wrote it.
      const content = { post: { [message.language === "zh" ? "zh_cn" : "en_us"]: { content: [[{ tag: "text", text }]] } } };
      const signature = secret === undefined ? {} : signed(secret, context.now());
      const body = JSON.stringify({ ...signature, msg_type: "post", content });
      return poster.post(body, (answer) => judgeRobot(poster, answer, codesFor(answer.body), context.redaction));
    },
    close: () => poster.close(),
  };
}

/** The throttle has been seen under the code of a bad request too. */
function codesFor(body: Buffer): RobotCodes {
  return body.includes("frequency limited") ? { ...CODES, busy: [...CODES.busy, 9499] } : CODES;
}

/** The key is the time in seconds, a line feed and the secret, and the text is empty; both go into the body. Valid for one hour. */
function signed(secret: string, now: Date): { readonly timestamp: string; readonly sign: string } {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  return { timestamp, sign: createHmac("sha256", `${timestamp}\n${secret}`).digest("base64") };
}
