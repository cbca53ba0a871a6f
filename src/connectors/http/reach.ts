import type { Observer } from "../../model/observer.js";
import { ProblemError, problem } from "../../model/problem.js";
import { CLOCK_REASON } from "./certificate.js";
import type { Network } from "./network.js";
import { type Exchange, type Exchanged, type Lack, Transport, type TransportLimits } from "./transport.js";

/** A name service that is restarted answers again within a quarter of a minute: 1, 2, 4 and 8 s. */
const MOST_TRIES = 5;
const FIRST_WAIT_MS = 1_000;

/**
 * A transport for the ends of a pipeline: a server whose name cannot be looked up for a while, or that cannot prove who it is, stops the run at
 * once with what is wrong, because every other document would fare the same. Nothing was sent then.
 */
export class ReachingTransport extends Transport {
  constructor(
    limits: TransportLimits,
    network: Network,
    private readonly sleep: (ms: number) => Promise<void>,
    observer?: Observer,
  ) {
    super(limits, network, observer);
  }

  /** Throws ProblemError (NETWORK_NAME, NETWORK_CERTIFICATE). */
  override async send(exchange: Exchange): Promise<Exchanged> {
    for (let tries = 1; ; tries += 1) {
      const exchanged = await super.send(exchange);
      if (exchanged.kind !== "not sent" || exchanged.lacks === undefined) return exchanged;
      const { lacks, reason } = exchanged;
      if (lacks.of === "certificate" || tries === MOST_TRIES) throw new ProblemError(problemOf(lacks, reason));
      const waitMs = FIRST_WAIT_MS * 2 ** (tries - 1);
      this.observer?.tell({ kind: "waiting", waitMs, asked: false, attempt: tries });
      await this.sleep(waitMs);
    }
  }
}

function problemOf({ of, host }: Lack, reason: string) {
  if (of === "name")
    return problem(
      "NETWORK_NAME",
      `\`${host}\`: ${reason}; nothing was sent`,
      [],
      `see whether this machine's network and name service work (\`getent hosts ${host}\`), check \`url\` of the connection, then run again`,
    );
  const hint = CLOCK_REASON.test(reason)
    ? "have the certificate renewed by whoever runs the server, or set this machine's clock right if that is wrong; then run again"
    : "ask whoever runs the server; a company's own authority is named as `ca` of the connection; then run again";
  return problem("NETWORK_CERTIFICATE", `\`${host}\` cannot prove that it is the one expected: ${reason}; nothing was sent`, [], hint);
}
