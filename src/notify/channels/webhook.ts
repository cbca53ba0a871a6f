import { createHmac } from "node:crypto";
import type { ChannelOptions } from "../../config/notify-schema.js";
import { formatMinor } from "../../model/money.js";
import type { Sender, SenderContext } from "../channel.js";
import type { Sum } from "../facts.js";
import type { Message, Section } from "../message.js";
import { Poster } from "../post.js";
import { plainText } from "../text.js";

const MOST_BYTES = 60_000;
const BASE64_KEY = "whsec_";

/** Any program that takes JSON. It is signed as Standard Webhooks 1.0 says, for which there are libraries in many languages. */
export function openWebhook({ secret, headers = {}, ...reach }: ChannelOptions<"webhook">, context: SenderContext): Sender {
  const poster = new Poster(reach, context);
  for (const value of Object.values(headers)) context.redaction.hide(value);
  return {
    send(message) {
      const body = JSON.stringify(bodyOf(message));
      const timestamp = String(Math.floor(context.now().getTime() / 1000));
      const sign = createHmac("sha256", keyOf(secret)).update(`${message.id}.${timestamp}.${body}`).digest("base64");
      const signature = { "webhook-id": message.id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${sign}` };
      return poster.post(body, (answer) => (answer.status >= 200 && answer.status < 300 ? { kind: "sent" } : poster.refused(answer)), {
        headers: { ...lowerCase(headers), ...signature },
      });
    },
    close: () => poster.close(),
  };
}

function keyOf(secret: string): Buffer {
  return secret.startsWith(BASE64_KEY) ? Buffer.from(secret.slice(BASE64_KEY.length), "base64") : Buffer.from(secret);
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Amounts are exact decimal text. Members are added to it, never renamed. */
function bodyOf(message: Message): unknown {
  const { project, environment, isTest, subject, sections } = message;
  return {
    format: 1,
    project,
    environment,
    test: isTest,
    subject,
    text: plainText(message, MOST_BYTES),
    pipelines: sections.map((section) => pipelineOf(section, message.details === "keys")),
  };
}

function pipelineOf({ facts, events, news, commands }: Section, withKeys: boolean): unknown {
  return {
    pipeline: facts.scope === "" ? null : facts.scope,
    run: facts.run,
    events,
    failed: facts.failed,
    posted: { documents: facts.posted.documents, ...sumOf(facts.posted.money) },
    waiting: { items: facts.waiting, new: news.waiting, ...sumOf(facts.waitingMoney), ...(withKeys ? { keys: facts.waitingKeys } : {}) },
    inDoubt: { documents: facts.inDoubt, ...sumOf(facts.inDoubtMoney), ...(withKeys ? { keys: facts.inDoubtKeys } : {}) },
    toApprove: facts.toApprove,
    causes: facts.causes,
    commands,
  };
}

function sumOf({ byCurrency, unknown }: Sum) {
  const amounts = [...byCurrency].map(([currency, minor]) => ({ currency, amount: formatMinor(minor, currency) }));
  return { amounts, amountUnknown: unknown };
}
