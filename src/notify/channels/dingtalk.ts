import { createHmac } from "node:crypto";
import type { ChannelOptions } from "../../config/notify-schema.js";
import type { Sender, SenderContext } from "../channel.js";
import { judgeRobot, Poster, type RobotCodes, withKeyword } from "../post.js";
import { plainText } from "../text.js";

/** The robot refuses about 20,000 bytes (seen in the answers of the real service); the JSON around the text needs some of them. */
const MOST_BYTES = 18_000;

/** Codes as DingTalk's documentation of custom robots and real answers have them. */
const CODES: RobotCodes = {
  code: "errcode",
  words: "errmsg",
  busy: [-1],
  // 130101 and 410100: over 20 messages a minute, and then closed for ten minutes.
  throttled: /too fast|exceed \d+ times/i,
  hints: {
    310000:
      "the security settings of the robot refuse it: compare `secret`, `keyword` and the list of addresses, and the clock of this machine",
    300001: "the robot is not there: copy its address anew",
    300005: "the robot is not there: copy its address anew",
    400101: "the robot is not there: copy its address anew",
    400102: "the robot is switched off",
    400106: "the robot is not there: copy its address anew",
    400013: "the group is gone",
    410100: "it was sent too fast",
    130101: "it was sent too fast",
  },
};

/** A custom robot of DingTalk. Without a signature it must be protected by a keyword or a list of addresses. */
export function openDingtalk({ secret, keyword, ...reach }: ChannelOptions<"dingtalk">, context: SenderContext): Sender {
  const poster = new Poster(reach, context);
  return {
    send(message) {
      const content = withKeyword(plainText(message, MOST_BYTES), keyword);
      // `msgUuid` makes a repeat harmless.
      const body = JSON.stringify({ msgtype: "text", text: { content }, msgUuid: message.id });
      const query = secret === undefined ? {} : signed(secret, context.now());
      return poster.post(body, (answer) => judgeRobot(poster, answer, CODES, context.redaction), { query });
    },
    close: () => poster.close(),
  };
}

/** The key is the secret, the text is the time in milliseconds, a line feed and the secret; valid for one hour. Both go into the query. */
function signed(secret: string, now: Date): { readonly timestamp: string; readonly sign: string } {
  const timestamp = String(now.getTime());
  return { timestamp, sign: createHmac("sha256", secret).update(`${timestamp}\n${secret}`).digest("base64") };
}
