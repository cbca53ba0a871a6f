import type { ConnectorContext } from "../contract.js";
import { LocalFolder } from "./local.js";
import { type FilesChoice, type FilesConnection, refuseOption } from "./options.js";
import { FtpsServer } from "./remote/ftps.js";
import { HttpsFolder } from "./remote/https.js";
import { RemoteFolder } from "./remote/remote-folder.js";
import { S3Store } from "./remote/s3.js";
import { SftpServer } from "./remote/sftp.js";
import type { Storage } from "./storage.js";

/** The place that a connection names. Throws ProblemError when it names several, or options contradict each other. Nothing is opened. */
export function openStorage(connection: FilesConnection, wanted: FilesChoice, context: ConnectorContext): Storage {
  const given = Object.entries(connection).flatMap(([place, value]) => (value === undefined ? [] : [place]));
  if (given.length > 1)
    refuseOption(
      "CONFIG_WRONG_VALUE",
      `connection: files are in one place, and it names ${given.map((each) => `\`${each}\``).join(" and ")}`,
      "make a connection for each",
    );
  const { folder, sftp, ftps, s3, https } = connection;
  if (https !== undefined) {
    const { keeping } = wanted;
    if (keeping.archives || keeping.hasMarkers)
      refuseOption(
        "CONFIG_WRONG_VALUE",
        `an address of the web has no ${keeping.archives ? "`archive`" : "`marker`"}`,
        "nothing can be looked for or moved there: remove it",
      );
    return new HttpsFolder(https, wanted.unpackLimit, context);
  }
  const server =
    sftp !== undefined ? new SftpServer(sftp) : ftps !== undefined ? new FtpsServer(ftps) : s3 !== undefined ? new S3Store(s3) : null;
  if (server !== null) return new RemoteFolder(server, wanted.settleMs, context);
  return new LocalFolder(folder ?? context.folder, wanted.settleMs, context);
}
