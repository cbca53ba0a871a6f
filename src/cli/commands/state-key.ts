import { closeSync, existsSync, openSync, renameSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { basename } from "node:path";
import { ProblemError, problem } from "../../model/problem.js";
import { takeLease } from "../../run/lease.js";
import { copyStore, inspectCopy } from "../../store/copy.js";
import { changeKey, type StorePlace } from "../../store/place.js";
import { Store } from "../../store/store.js";
import { liveEffects } from "../effects.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { openProject, placeOf } from "../session.js";

/** Puts an encrypted copy in the place of a store that is not, after `key` was added to sync.yaml. */
export async function encryptState(context: CommandContext, options: CommonOptions): Promise<number> {
  const place = placeOf(await openProject(context, options));
  if (place.key === null)
    throw usage(
      "sync.yaml gives the store no key",
      'write `store: { file: …, key: "${env.SYNC_STORE_KEY}" }`, and set that to what `openssl rand -hex 32` prints',
    );
  return change(
    context,
    options,
    { ...place, key: null },
    place,
    "the former one is readable as it always was: delete it when the new one has proved itself",
  );
}

/** Puts a copy that is not encrypted in its place, before `key` is taken out of sync.yaml. */
export async function decryptState(context: CommandContext, options: CommonOptions): Promise<number> {
  const place = placeOf(await openProject(context, options));
  if (place.key === null) throw usage("sync.yaml gives the store no key, so it is not encrypted", "there is nothing to do");
  return change(
    context,
    options,
    place,
    { ...place, key: null },
    "now take `key` out of `store` in sync.yaml: until then nothing can be run",
  );
}

/** With the leases of all pipelines in hand, so that nothing is posted between the copy and the moment at which it is the store. */
function change(context: CommandContext, options: CommonOptions, from: StorePlace, to: StorePlace, next: string): number {
  const { file } = from;
  const former = `${file}.until-${context
    .now()
    .toISOString()
    .replace(/[-:]|\.\d+/g, "")}`;
  const partial = `${file}.${process.pid}.part`;
  const { effects, dispose } = liveEffects(context, () => undefined);
  const store = Store.open(from, { create: false, now: context.now, actor: context.actor });
  try {
    const names = store.pipelineNames();
    const leases = names.map((name) => takeLease(store, name, effects));
    try {
      closeSync(openSync(partial, "wx", 0o600));
      copyStore(from, partial);
      changeKey({ file: partial, key: from.key }, to.key);
      inspectCopy({ file: partial, key: to.key });
    } catch (cause) {
      rmSync(partial, { force: true });
      for (const lease of leases) lease.release();
      throw cause;
    }
  } finally {
    // The last one to close it takes the log in, so that the file alone is the store.
    store.close();
    dispose();
  }
  renameSync(file, former);
  for (const end of ["-wal", "-shm"]) if (existsSync(file + end)) renameSync(file + end, former + end);
  renameSync(partial, file);
  finish(context, to, former);
  if (options.json === true) printJson(context.io, { store: file, encrypted: to.key !== null, former });
  else
    context.io.out(
      `the store ${file} is ${to.key === null ? "no longer " : ""}encrypted\nthe former one is kept as ${former}\n\n${next}\n`,
    );
  return EXIT.done;
}

/** The copy has the leases that were taken for it, and its log says what was done. */
function finish(context: CommandContext, place: StorePlace, former: string): void {
  const store = Store.open(place, { create: false, now: context.now, actor: context.actor });
  try {
    store.transaction(() => {
      for (const lease of store.leases.list())
        if (lease.pid === process.pid && lease.host === hostname()) store.leases.release(lease.name, lease.owner);
      const row = { at: context.now().toISOString(), actor: context.actor, pipeline: null, run: null, subject: null };
      store.audit.append({ ...row, event: "store key changed", detail: { encrypted: place.key !== null, former: basename(former) } });
    });
  } finally {
    store.close();
  }
}

function usage(message: string, hint: string): ProblemError {
  return new ProblemError(problem("USAGE", message, [], hint));
}
