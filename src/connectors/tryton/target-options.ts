import { type Static, Type } from "typebox";
import { closed, DURATION } from "../http/option-parts.js";

const text = (description: string, ...examples: string[]) => Type.String({ minLength: 1, description, examples });
const names = (description: string, example: Record<string, string>) =>
  Type.Record(Type.String({ minLength: 1 }), Type.String({ minLength: 1 }), { description, examples: [example] });

export const TrytonTargetOptions = Type.Object(
  {
    model: Type.Enum(["account.move", "account.invoice"], {
      description: "what is written: `account.move` (记账凭证) for `journal`, `account.invoice` (supplier invoices, 应付单) for `payable`",
      default: "account.move",
      examples: ["account.invoice"],
    }),
    until: Type.Enum(["draft", "validate", "post"], {
      description:
        "how far documents are taken; what follows is left to people. `validate` is for invoices only: it gives them their number",
      default: "post",
      examples: ["draft"],
    }),
    journal: Type.Optional(
      text("code of the journal (凭证字) where a document names none; `GEN` for moves and `EXP` for invoices when left out", "GEN"),
    ),
    words: Type.Optional(
      names("codes of the journals by the word in the document; a word that does not stand here is a code itself", {
        记: "GEN",
        银: "CASH",
      }),
    ),
    account: Type.Optional(
      text("code of the payables account of invoices that name none; that of the supplier in the ERP when left out", "2202"),
    ),
    taxes: Type.Optional(
      names("names of taxes by the rate in per cent, where several taxes of the ERP have one rate", { "6": "进项税额6%" }),
    ),
    dimensions: Type.Optional(
      names("codes or names of analytic plans (roots) by the names of our dimensions; the name of the dimension itself when left out", {
        部门: "DEPT",
      }),
    ),
    batch: Type.Integer({
      description: "most documents in one call; a refusal of one undoes the whole call, which is then sent again in halves",
      default: 20,
      minimum: 1,
      maximum: 200,
      examples: [50],
    }),
    quiet: Type.String({
      description:
        "how long an unanswered call may still take effect, because the server goes on when we hang up; until then, not found proves nothing",
      default: "2m",
      pattern: DURATION,
      examples: ["5m"],
    }),
  },
  closed,
);
export type TrytonTargetOptions = Static<typeof TrytonTargetOptions>;
