import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { TLSSocket } from "node:tls";
import type { Connection } from "../../config/pipeline.js";
import { type Finding, look, ok, wrong } from "./finding.js";

const DAY_MS = 86_400_000;
const SOON_DAYS = 30;
const PATIENCE_MS = 10_000;
/** Signatures and windows of time are refused or misread when clocks differ by more. */
const CLOCK_MS = 60_000;
/** A `Date` header has whole seconds, and travels. */
const ROUNDING_MS = 1_500;

/**
 * Servers of connections that are reached by HTTP: when their certificate ends, and what time they say it is. One request without any
 * credentials, whose answer does not matter. Where a proxy stands between, nothing is asked.
 */
export async function checkServers(connections: Iterable<Connection>, now: () => Date): Promise<Finding[]> {
  const findings: Finding[] = [];
  const asked = new Set<string>();
  for (const { name, options } of connections) {
    findings.push(...ownCertificates(name, options, now()));
    if (hasProxy(options)) continue;
    for (const url of urlsIn(options)) {
      if (asked.has(url.origin)) continue;
      asked.add(url.origin);
      findings.push(...(await checkServer(name, url, now)));
    }
  }
  return findings;
}

/** The addresses among the options, however a connector calls them. */
function urlsIn(options: unknown): URL[] {
  if (typeof options === "string") return /^https?:\/\//.test(options) && URL.canParse(options) ? [new URL(options)] : [];
  if (typeof options !== "object" || options === null) return [];
  return Object.values(options).flatMap(urlsIn);
}

function hasProxy(options: unknown): boolean {
  return typeof options === "object" && options !== null && "proxy" in options;
}

async function checkServer(name: string, url: URL, now: () => Date): Promise<Finding[]> {
  let answer: Answer;
  try {
    answer = await ask(url);
  } catch (cause) {
    // Whether that matters, the pipelines that use it tell.
    return [
      look(
        `server of ${name}`,
        `${url.origin} does not answer: ${cause instanceof Error ? cause.message : String(cause)}`,
        "see the connection below",
      ),
    ];
  }
  const findings: Finding[] = [];
  if (answer.validTo !== null) findings.push(endOf(`certificate of ${name}`, url.host, answer.validTo, now()));
  const differenceMs = answer.date === null ? 0 : Date.parse(answer.date) - now().getTime();
  if (Math.abs(differenceMs) > CLOCK_MS + ROUNDING_MS)
    findings.push(
      look(
        "clock",
        `${url.host} says that it is ${new Date(answer.date ?? "").toISOString()}, ${told(differenceMs)}`,
        "have both keep the time of a time server",
      ),
    );
  return findings;
}

function told(differenceMs: number): string {
  const minutes = Math.round(Math.abs(differenceMs) / 60_000);
  return `${minutes} ${minutes === 1 ? "minute" : "minutes"} ${differenceMs > 0 ? "later" : "earlier"} than here`;
}

interface Answer {
  readonly date: string | null;
  /** Of the server's certificate, as OpenSSL writes it; null without TLS. */
  readonly validTo: string | null;
}

/** Who signed the certificate is the client's business when a run connects; here it is only read. */
function ask(url: URL): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const common = { method: "HEAD", agent: false, timeout: PATIENCE_MS } as const;
    let validTo: string | null = null;
    const take = (answer: IncomingMessage): void => {
      answer.resume();
      resolve({ date: answer.headers.date ?? null, validTo });
    };
    const asking =
      url.protocol === "https:" ? httpsRequest(url, { ...common, rejectUnauthorized: false }, take) : httpRequest(url, common, take);
    asking.once("socket", (socket) =>
      socket.once("secureConnect", () => {
        validTo = (socket as TLSSocket).getPeerCertificate().valid_to ?? null;
      }),
    );
    asking.once("timeout", () => asking.destroy(new Error(`no answer for ${PATIENCE_MS / 1000} s`)));
    asking.once("error", (cause) => {
      // A server that wants a certificate of ours hangs up without one, and has shown its own by then.
      if (validTo === null) reject(cause);
      else resolve({ date: null, validTo });
    });
    asking.end();
  });
}

/** The certificates by which servers know us, and authorities of our own. */
function ownCertificates(name: string, options: unknown, now: Date): Finding[] {
  return filesIn(options).flatMap((file) => {
    const text = readFileSync(file, "utf8");
    const [first] = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/.exec(text) ?? [];
    return first === undefined ? [] : [endOf(`certificate of ${name}`, `\`${file}\``, new X509Certificate(first).validTo, now)];
  });
}

function filesIn(options: unknown): string[] {
  if (typeof options === "string") return /\.(?:pem|crt|cer)$/i.test(options) && existsSync(options) ? [options] : [];
  if (typeof options !== "object" || options === null) return [];
  return Object.values(options).flatMap(filesIn);
}

function endOf(check: string, what: string, validTo: string, now: Date): Finding {
  const days = Math.floor((Date.parse(validTo) - now.getTime()) / DAY_MS);
  const day = new Date(validTo).toISOString().slice(0, 10);
  if (days < 0)
    return wrong(check, `${what}: it ended on ${day}`, "have it renewed; nothing is sent over a connection that cannot be trusted");
  const found = `${what}: good until ${day}, ${days} ${days === 1 ? "day" : "days"}`;
  return days < SOON_DAYS ? look(check, found, "have it renewed before that day") : ok(check, found);
}
