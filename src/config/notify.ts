import { type TSchema, Type } from "typebox";
import { type Problem, type ProblemCode, problem } from "../model/problem.js";
import { fillInMap, type SecretSources } from "./fill-in.js";
import { hideSecrets } from "./hide-secrets.js";
import { listNames, nearest, suggest, thereAre } from "./nearest.js";
import { CHANNEL_KINDS, CHANNELS, Channel, type ChannelKind, NOTIFY_COMMON, type NotifyCommon } from "./notify-schema.js";
import type { Notify, NotifyChannel } from "./pipeline.js";
import { read } from "./read.js";
import { type SchemaNode, schemaNode } from "./schema-node.js";
import { child, childScalar, type Entry, keyPlace, type MapTree, placeOf, scalarsOf } from "./tree.js";

/** What is needed on the machine where a message is sent. */
const NOT_HERE: readonly ProblemCode[] = ["CONFIG_MISSING_SECRET", "CONFIG_MISSING_FILE"];

export interface NotifyContext {
  readonly from: SecretSources;
  readonly language: "en" | "zh";
  /** No message will be sent, so that secrets and files need not be on this machine. */
  readonly unopened: boolean;
  /** Every secret that is found is added. */
  readonly secrets: Set<string>;
}

/** The channels that can be used, and what is wrong with the others: a mistake here must not keep a run from its work. */
export function readNotify(tree: MapTree | null, context: NotifyContext, before: readonly Problem[]): Notify {
  const channels: NotifyChannel[] = [];
  const problems = [...before];
  for (const entry of tree?.entries.values() ?? []) {
    const own: Problem[] = [];
    const channel = readChannel(entry, context, own);
    const told = context.unopened ? own.filter(({ code }) => !NOT_HERE.includes(code)) : own;
    if (channel !== null && own.length === 0) channels.push(channel);
    problems.push(...told);
  }
  return { channels, problems };
}

function readChannel(entry: Entry, context: NotifyContext, problems: Problem[]): NotifyChannel | null {
  const kind = readKind(entry, problems);
  if (kind === null || entry.value.kind !== "map") return null;
  const schema = wholeSchema(kind);
  hideSecrets(entry.value, { ...schema, properties: { ...schema.properties, channel: {} } });
  const filled = fillInMap(entry.value, context.from, problems);
  const entries = new Map(filled.entries);
  entries.delete("channel");
  const onSecret = (scalar: { readonly text: string; readonly filledIn?: readonly string[] }): void => {
    for (const secret of [scalar.text, ...(scalar.filledIn ?? [])]) if (secret !== "") context.secrets.add(secret);
  };
  const given = read({ ...filled, entries }, schema, { problems, onSecret }) as NotifyCommon & Record<string, unknown>;
  const { on, pipelines, language, details, ...options } = given;
  return {
    name: entry.key,
    settings: { kind, options } as unknown as NotifyChannel["settings"],
    on: on ?? [],
    pipelines:
      pipelines === undefined ? null : scalarsOf(child(filled, "pipelines")).map((scalar) => ({ name: scalar.text, at: placeOf(scalar) })),
    language: language ?? context.language,
    details: details ?? "counts",
  };
}

/** The keys of every channel and those of its kind. */
function wholeSchema(kind: ChannelKind): SchemaNode {
  const own: TSchema & { properties: Record<string, TSchema> } = CHANNELS[kind];
  return schemaNode(Type.Object({ ...NOTIFY_COMMON, ...own.properties }, { additionalProperties: false }));
}

function readKind(entry: Entry, problems: Problem[]): ChannelKind | null {
  const { value } = entry;
  const written = childScalar(value, "channel");
  const kind = CHANNEL_KINDS.find((each) => each === written?.text);
  if (kind !== undefined) return kind;
  // Nobody can tell which of its keys hold secrets.
  hideSecrets(value, value.kind === "map" ? schemaNode(Channel) : undefined);
  if (value.kind !== "map" || written === undefined) {
    const message = value.kind === "map" ? "key `channel` is missing" : `channel \`${entry.key}\` is no mapping`;
    const code = value.kind === "map" ? "CONFIG_MISSING_KEY" : "CONFIG_WRONG_VALUE";
    problems.push(problem(code, message, keyPlace(entry), `add \`channel\`: one of ${listNames(CHANNEL_KINDS)}`));
    return null;
  }
  const near = nearest(written.text, CHANNEL_KINDS);
  const hint = near === null ? "docs/notifications.md says what each is for" : `did you mean \`${near}\`?`;
  problems.push(
    problem("CONFIG_WRONG_VALUE", `no channel is called \`${written.text}\`; ${thereAre(CHANNEL_KINDS)}`, placeOf(written), hint),
  );
  return null;
}

/** Channels may name pipelines that there are not. */
export function checkNotifyPipelines({ channels }: Notify, names: readonly string[]): Problem[] {
  return channels.flatMap(({ pipelines }) =>
    (pipelines ?? [])
      .filter(({ name }) => !names.includes(name))
      .map(({ name, at }) => {
        const hint = suggest(name, names, "pipelines") ?? "name a pipeline of this project";
        return problem("CONFIG_NO_PIPELINE", `\`pipelines\` names \`${name}\`, which no pipeline is called`, at, hint);
      }),
  );
}
