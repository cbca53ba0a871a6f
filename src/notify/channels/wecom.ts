import type { ChannelOptions } from "../../config/notify-schema.js";
import type { Sender, SenderContext } from "../channel.js";
import { judgeRobot, Poster, type RobotCodes } from "../post.js";
import { plainText } from "../text.js";

/** Of a text; bytes, not characters. */
const MOST_BYTES = 2_048;

/** Codes as WeCom's documentation of message push and real answers have them. */
const CODES: RobotCodes = {
  code: "errcode",
  words: "errmsg",
  busy: [-1],
  // 45009: over 20 messages a minute, closed for a minute. Its words begin so.
  throttled: /freq out of limit/i,
  hints: {
    93000: "the robot is not there, or was taken out of the group: copy its address anew",
    93001: "the group does not allow it",
    93004: "the robot is switched off",
    93006: "the group is gone",
    93008: "the robot is not in the group",
    45009: "it was sent too fast",
  },
};

/** A group robot of WeCom. It knows no signature: the key in its address is the secret. */
export function openWecom(reach: ChannelOptions<"wecom">, context: SenderContext): Sender {
  const poster = new Poster(reach, context);
  return {
    send(message) {
      const body = JSON.stringify({ msgtype: "text", text: { content: plainText(message, MOST_BYTES) } });
      return poster.post(body, (answer) => judgeRobot(poster, answer, CODES, context.redaction));
    },
    close: () => poster.close(),
  };
}
