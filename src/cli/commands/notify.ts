import type { NotifyChannel, Project } from "../../config/pipeline.js";
import { nearestName } from "../../model/nearest.js";
import { ProblemError, problem } from "../../model/problem.js";
import type { Sent } from "../../notify/channel.js";
import { tellTest } from "../../notify/tell.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { renderTable } from "../render/table.js";
import { openProject } from "../session.js";
import { tellContext } from "../telling.js";

/** Sends a message that says it is a test, and how that went. */
export async function test(context: CommandContext, options: CommonOptions, name: string | undefined): Promise<number> {
  const { io } = context;
  const project = await openProject(context, options);
  const chosen = choose(project, name);
  const telling = tellContext(context, project);
  const sent = await Promise.all(chosen.map(async (channel) => ({ channel, how: await tellTest(channel, telling) })));
  if (options.json === true)
    printJson(
      io,
      sent.map(({ channel, how }) => ({
        channel: channel.name,
        kind: channel.settings.kind,
        sent: how.kind === "sent",
        about: aboutOf(how),
      })),
    );
  else {
    const rows = sent.map(({ channel, how }) => [
      channel.name,
      channel.settings.kind,
      how.kind === "sent" ? "sent" : "not sent",
      aboutOf(how) ?? "",
    ]);
    io.out(renderTable([{ title: "channel" }, { title: "by" }, { title: "test message" }, { title: "" }], rows));
  }
  return sent.every(({ how }) => how.kind === "sent") ? EXIT.done : EXIT.error;
}

function aboutOf(how: Sent): string | null {
  return how.kind === "sent" ? (how.note ?? null) : how.reason;
}

function choose({ notify }: Project, name: string | undefined): readonly NotifyChannel[] {
  const { channels, problems } = notify;
  if (name === undefined) {
    if (problems.length > 0) throw new ProblemError(problems);
    if (channels.length > 0) return channels;
    throw new ProblemError(
      problem("USAGE", "there are no channels", [], "add one under `notify` of sync.yaml; docs/notifications.md shows how"),
    );
  }
  const found = channels.filter((channel) => channel.name === name);
  if (found.length > 0) return found;
  const known = channels.map((channel) => channel.name);
  const near = nearestName(name, known);
  const list = known.map((each) => `\`${each}\``).join(", ") || "none";
  const hint = near === null ? "channels stand under `notify` of sync.yaml" : `did you mean \`${near}\`?`;
  // The name may belong to one that cannot be used.
  throw new ProblemError([problem("USAGE", `no channel \`${name}\` that can be used; there are ${list}`, [], hint), ...problems]);
}
