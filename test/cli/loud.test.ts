import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkLoud } from "../../src/cli/doctor/loud.js";
import { exposedFiles, loudNotices } from "../../src/cli/loud.js";
import type { Pipeline, Project } from "../../src/config/pipeline.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sync-loud-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const ERP = { name: "erp", connectionOptions: { url: "http://erp.example.com/api?key=hidden", insecure: true } };
const FILES = { name: "exports", connectionOptions: { folder: "exports" } };

function aFile(name: string, mode: number): string {
  const path = join(folder, name);
  writeFileSync(path, "x");
  chmodSync(path, mode);
  return path;
}

function aProject(more: Partial<Project> = {}): Project {
  const store = join(folder, "store.db");
  const connections = new Map([["erp", { name: "erp", options: ERP.connectionOptions }]]);
  return { store, secretFiles: [], connections, notify: { channels: [], problems: [] }, observing: {}, ...more } as unknown as Project;
}

test("a run says once which end of its pipeline can be read on the way, and nothing of the address but the host", () => {
  const pipeline = { source: ERP, target: ERP } as unknown as Pipeline;
  const told = loudNotices(aProject(), pipeline);
  expect(told.map(({ code, message }) => `${code} ${message}`)).toEqual([
    "CONFIG_INSECURE connection `erp` talks to erp.example.com without encryption, as `insecure: true` allows: everybody on the way can read and change what is sent",
  ]);
  expect(loudNotices(aProject(), { source: FILES, target: FILES } as unknown as Pipeline)).toEqual([]);
});

test("a run says it of channels, metrics and traces too", () => {
  const settings = { kind: "webhook", options: { url: "http://hooks.example.com/", insecure: true } };
  const project = aProject({
    notify: { channels: [{ name: "people", settings }], problems: [] } as unknown as Project["notify"],
    observing: {
      metrics: { push: { url: "http://push.example.com", insecure: true } },
      traces: { endpoint: "http://otel.example.com/v1/traces", insecure: true },
    } as unknown as Project["observing"],
  });
  const told = loudNotices(project, { source: FILES, target: FILES } as unknown as Pipeline);
  expect(told.map(({ code, message }) => `${code} ${message.split(" without")[0]}`)).toEqual([
    "CONFIG_INSECURE channel `people` talks to hooks.example.com",
    "CONFIG_INSECURE `metrics.push` talks to push.example.com",
    "CONFIG_INSECURE `traces` talks to otel.example.com",
  ]);
});

test("doctor says it of the connections that are used, and of channels", () => {
  const settings = { kind: "email", options: { host: "smtp.example.com", security: "none", insecure: true } };
  const project = aProject({ notify: { channels: [{ name: "office", settings }], problems: [] } as unknown as Project["notify"] });
  expect(
    checkLoud(project, [{ source: FILES, target: ERP } as unknown as Pipeline]).map(({ check, state }) => `${check} ${state}`),
  ).toEqual(["connection erp look", "channel office look"]);
  expect(checkLoud(project, []).map(({ check }) => check)).toEqual(["channel office"]);
});

test("files that others may read: a store by anybody else, a secret by everybody", () => {
  const store = aFile("store.db", 0o640);
  const [mine, ours, all, key] = [aFile("mine", 0o600), aFile("ours", 0o640), aFile("all", 0o644), aFile("key", 0o604)] as const;
  const connections = new Map([["sftp", { name: "sftp", options: { sftp: { private_key: key } } }]]) as unknown as Project["connections"];
  const project = aProject({ store, secretFiles: [mine, ours, all, join(folder, "gone")], connections });
  expect(exposedFiles(project, "linux")).toEqual([
    { file: store, what: "store" },
    { file: all, what: "secret" },
    { file: key, what: "secret" },
  ]);
  expect(exposedFiles(project, "win32")).toEqual([]);
  const { hint } = loudNotices(project, { source: FILES, target: FILES } as unknown as Pipeline)[0] ?? {};
  expect(hint).toBe(`chmod 600 ${store}`);
});
