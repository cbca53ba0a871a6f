import { type Problem, problem } from "../model/problem.js";
import { suggest } from "./nearest.js";
import { placeOf, type ScalarTree } from "./tree.js";

/** What one pipeline file says of the order: its name, and which others come before it. */
export interface Succession {
  readonly name: string;
  readonly after: readonly ScalarTree[];
}

/**
 * The names so that each comes after those it needs, and otherwise as they were given. Names in `after` that no pipeline has, and
 * pipelines that need each other in a circle, are problems; those of a circle stay in the order in which they came.
 */
export function inOrder(successions: readonly Succession[], problems: Problem[]): string[] {
  const known = new Map(successions.map((each) => [each.name, each]));
  for (const { name, after } of successions) {
    for (const scalar of after) {
      if (known.has(scalar.text)) continue;
      const others = [...known.keys()].filter((each) => each !== name);
      const hint = suggest(scalar.text, others, "pipelines") ?? "name a pipeline of this project";
      problems.push(
        problem("CONFIG_NO_PIPELINE", `\`after\` names \`${scalar.text}\`, which no pipeline is called`, placeOf(scalar), hint),
      );
    }
  }
  const order: string[] = [];
  const state = new Map<string, "open" | "done">();
  const visit = (name: string, before: readonly string[], by: readonly ScalarTree[]): void => {
    const own = known.get(name);
    if (own === undefined || state.get(name) === "done") return;
    if (state.get(name) === "open") {
      const from = before.indexOf(name);
      const told = [...before.slice(from), name].map((each) => `\`${each}\``).join(" after ");
      const message = `pipelines wait for each other in a circle: ${told}`;
      problems.push(problem("CONFIG_AFTER_CYCLE", message, by.slice(from).map(placeOf), "take one of them out of `after`"));
      return;
    }
    state.set(name, "open");
    for (const scalar of own.after) visit(scalar.text, [...before, name], [...by, scalar]);
    state.set(name, "done");
    order.push(name);
  };
  for (const { name } of successions) visit(name, [], []);
  return order;
}
