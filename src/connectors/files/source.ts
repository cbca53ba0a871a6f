import type { ConnectorContext, ReadRequest, Source, SourceEvent } from "../contract.js";
import { Archivist } from "./archivist.js";
import { openStorage } from "./open-storage.js";
import type { FilesConnection, FilesOptions } from "./options.js";
import { filesChoiceOf } from "./options.js";
import { type FileFormat, readFiles } from "./read.js";

/** A source of files in whatever place the connection names. Throws ProblemError when options contradict each other. */
export function openFileSource<T>(
  connection: FilesConnection,
  options: FilesOptions,
  context: ConnectorContext,
  format: (request: ReadRequest) => FileFormat<T>,
): Source {
  const wanted = filesChoiceOf(options);
  const storage = openStorage(connection, wanted, context);
  const archivist = wanted.keeping.archives ? new Archivist(wanted.keeping, storage, context.signal) : null;
  return {
    read: (request: ReadRequest): AsyncIterable<SourceEvent> => {
      archivist?.forget();
      return readFiles(wanted, storage, format(request), request, context, (read) => archivist?.note(read));
    },
    ...(archivist === null ? {} : { settled: (units: readonly string[]) => archivist.archive(new Set(units)) }),
    close: () => storage.close(),
  };
}
