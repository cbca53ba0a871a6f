import type { ChannelSettings } from "../../config/pipeline.js";
import type { Sender, SenderContext } from "../channel.js";

/** Opens a channel; the code of the others is not loaded. Throws ProblemError for options that cannot be used. */
export async function openChannel({ kind, options }: ChannelSettings, context: SenderContext): Promise<Sender> {
  switch (kind) {
    case "email":
      return (await import("./email.js")).openEmail(options, context);
    case "dingtalk":
      return (await import("./dingtalk.js")).openDingtalk(options, context);
    case "feishu":
      return (await import("./feishu.js")).openFeishu(options, context);
    case "wecom":
      return (await import("./wecom.js")).openWecom(options, context);
    case "slack":
      return (await import("./slack.js")).openSlack(options, context);
    case "webhook":
      return (await import("./webhook.js")).openWebhook(options, context);
  }
}
