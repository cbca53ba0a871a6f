import type { PostOutcome } from "../../model/posting.js";
import { problem } from "../../model/problem.js";
import type { PostItem } from "../contract.js";
import type { HttpClient } from "../http.js";
import { type Action, type ActionSender, unwritable } from "./action.js";
import { type Reading, readAnswer } from "./answer.js";
import type { Batch } from "./batch.js";
import type { Judge, Judged, Verdict } from "./judge.js";
import { postView } from "./view.js";

export interface BatchPost {
  readonly client: HttpClient;
  readonly action: Action;
  readonly batch: Batch;
  readonly sender: ActionSender;
}

/** Posts many documents in one call. One verdict per document, in order; `there already` is left to the caller. */
export async function postBatch({ client, action, batch, sender }: BatchPost, items: readonly PostItem[]): Promise<readonly Verdict[]> {
  const { request, judge } = action;
  const verdicts = new Map<PostItem, Verdict>();
  const sent: PostItem[] = [];
  const bodies: string[] = [];
  for (const item of items) {
    try {
      bodies.push(request.fillBody(postView(item)) ?? "null");
      sent.push(item);
    } catch (error) {
      verdicts.set(item, unwritable(error, item.document.key));
    }
  }
  const [first] = sent;
  if (first !== undefined) {
    const reply = await client.send({ ...request.fill(postView(first)), body: batch.wrap(bodies) });
    const reading = reply.kind === "answer" ? readAnswer(reply) : null;
    const parts = reading === null ? [] : batch.split(reading, sent);
    for (const [index, item] of sent.entries()) {
      const judged = { document: item.document.key };
      if (reply.kind !== "answer") verdicts.set(item, sender.placed(reply, judged.document));
      else {
        const verdict = judgeMember(judge, batch, reading as Reading, parts[index] ?? null, judged) ?? unanswered(request.name);
        verdicts.set(item, verdict.kind === "unconfirmed" ? sender.placed(verdict, judged.document) : verdict);
      }
    }
  }
  return items.map((item) => verdicts.get(item) as Verdict);
}

/** What the answer says about one member; null when it says nothing about it. */
function judgeMember(judge: Judge, batch: Batch, whole: Reading, part: Reading | null, judged: Judged): Verdict | null {
  if (part !== null) return judge.judge(part, { ...judged, isPart: true });
  // A list without this one leaves it open, and so does a success that speaks of none. An error without a list is about all of them.
  return whole.status >= 300 && !batch.isAnswered(whole) ? judge.judge(whole, judged) : null;
}

function unanswered(name: string): Extract<PostOutcome, { kind: "unconfirmed" }> {
  return {
    kind: "unconfirmed",
    problem: problem("TARGET_UNCONFIRMED", `${name}: the answer to the batch says nothing about this document`),
  };
}
