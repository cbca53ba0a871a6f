import type { ChannelOptions } from "../../config/notify-schema.js";
import type { Sender, SenderContext } from "../channel.js";
import { Poster } from "../post.js";
import { plainText } from "../text.js";

/** Slack cuts texts of more than 40,000 characters, and shows fewer well. */
const MOST_BYTES = 12_000;

/** An incoming webhook of Slack: it answers HTTP 200 and the word `ok`, or another status and a word that says why not. */
export function openSlack(reach: ChannelOptions<"slack">, context: SenderContext): Sender {
  const poster = new Poster(reach, context);
  return {
    send(message) {
      // These three are all that Slack reads in a text without formatting; what is escaped links to nobody and calls nobody.
      const text = plainText(message, MOST_BYTES).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
      const body = JSON.stringify({ text, mrkdwn: false, unfurl_links: false });
      return poster.post(body, (answer) =>
        answer.status === 200 && answer.body.toString().trim() === "ok" ? { kind: "sent" } : poster.refused(answer),
      );
    },
    close: () => poster.close(),
  };
}
