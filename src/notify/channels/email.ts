import { readFileSync } from "node:fs";
import { createTransport } from "nodemailer";
import type { ChannelOptions } from "../../config/notify-schema.js";
import { isLoopback } from "../../model/loopback.js";
import { ProblemError, problem } from "../../model/problem.js";
import type { Sender, SenderContext, Sent } from "../channel.js";
import { plainText } from "../text.js";

const MOST_BYTES = 200_000;
const PORTS = { starttls: 587, tls: 465, none: 25 } as const;

/** Mail over SMTP, in plain text. Throws ProblemError for options that exclude each other. */
export function openEmail(options: ChannelOptions<"email">, { timeoutMs, redaction }: SenderContext): Sender {
  const { host, security, user, password, from, to, ca } = options;
  if ((user === undefined) !== (password === undefined)) refuse("`user` and `password` belong together", "give both, or neither");
  if (security === "none" && !options.insecure && !isLoopback(host))
    refuse(
      "`security: none` sends everything readable",
      "use `starttls` or `tls`, or `insecure: true` if everybody on the way may read it",
    );
  const transport = createTransport({
    host,
    port: options.port ?? PORTS[security],
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    tls: { minVersion: "TLSv1.2", ...(ca === undefined ? {} : { ca: readFileSync(ca) }) },
    ...(user === undefined || password === undefined ? {} : { auth: { user, pass: password } }),
    dnsTimeout: timeoutMs,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send(message) {
      const mail = {
        from,
        to: [...to],
        subject: message.subject,
        text: plainText(message, MOST_BYTES),
        messageId: `<${message.id}@sync.invalid>`,
        // So that out-of-office answers stay at home (RFC 3834).
        headers: { "Auto-Submitted": "auto-generated" },
      };
      let timer: NodeJS.Timeout | undefined;
      // A server that lets a byte drop now and then keeps every timeout of the library waiting.
      const deadline = new Promise<Sent>((resolve) => {
        timer = setTimeout(() => resolve({ kind: "failed", reason: `not done within ${DEADLINES * timeoutMs} ms` }), DEADLINES * timeoutMs);
      });
      const sending = transport.sendMail(mail).then(
        ({ rejected }): Sent =>
          rejected.length === 0
            ? { kind: "sent" }
            : { kind: "sent", note: `${rejected.length} of ${to.length} recipients were refused by the server` },
        (error: unknown): Sent => judge(error as SmtpError, (text) => redaction.show(text)),
      );
      try {
        return await Promise.race([sending, deadline]);
      } finally {
        clearTimeout(timer);
      }
    },
    async close() {
      transport.close();
    },
  };
}

/** Connecting, greeting, signing in and sending may each take their time, and together so many times it. */
const DEADLINES = 3;

interface SmtpError {
  readonly code?: string;
  readonly responseCode?: number;
  readonly response?: string;
  /** The command that failed. */
  readonly command?: string;
}

const REASONS: Readonly<Record<string, string>> = {
  EDNS: "the host name is not known",
  ECONNECTION: "the connection was closed, or did not come about",
  ESOCKET: "the connection failed",
  ETIMEDOUT: "the server did not answer in time",
  ETLS: "the connection could not be encrypted: check `security` and `ca`",
  EAUTH: "the server does not let us in: check `user` and `password`",
  ENOAUTH: "the server wants a sign-in: give `user` and `password`",
  EENVELOPE: "the server refused the sender or every recipient",
  EMESSAGE: "the server refused the message",
};

/** In our words, the code, and the server's own answer; the library's texts may hold addresses. */
function judge({ code = "", responseCode, response, command }: SmtpError, show: (text: string) => string): Sent {
  const answered = response === undefined ? "" : `: ${show(response)}`;
  const reason = `${REASONS[code] ?? "the mail could not be sent"} (${code === "" ? "no code" : code})${answered}`;
  // 4xx: not now, perhaps later (RFC 5321, 4.2.1). A connection that did not come about has sent nothing.
  const isNotConnected = command === "CONN" && code !== "ETIMEDOUT" && code !== "ETLS";
  const isBusy = (responseCode !== undefined && responseCode >= 400 && responseCode < 500) || code === "EDNS" || isNotConnected;
  return isBusy ? { kind: "busy", reason, retryAfterMs: null } : { kind: "failed", reason };
}

function refuse(found: string, hint: string): never {
  throw new ProblemError(problem("CONFIG_WRONG_VALUE", found, [], hint));
}
