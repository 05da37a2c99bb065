import { LineTable } from "../../fleet/yaml.ts";
import type { AuditObject } from "../sourcePosition.ts";

/** The kind of a PgBouncer that only its ini tells of. */
export const INI_KIND = "PgBouncer";

/**
 * A bare ini as an object: called by its file's name. A field's path is section and key
 * (`pgbouncer.max_client_conn`), and its place the line where that stands last.
 */
export function iniObject(file: string, text: string): AuditObject {
  const lines = new LineTable(text);
  return {
    file,
    kind: INI_KIND,
    apiVersion: "",
    name: file.slice(file.lastIndexOf("/") + 1),
    namespace: "default",
    value: { text },
    positionOf: ([section, key]) => lines.positionAt(offsetOf(text, section, key)),
  };
}

function offsetOf(
  text: string,
  section: string | number | undefined,
  key: string | number | undefined,
): number {
  let offset = 0;
  let inSection = "";
  let found = 0;
  for (const line of text.split("\n")) {
    const header = /^\s*\[([^\]]*)\]/.exec(line)?.[1];
    if (header !== undefined) {
      inSection = header;
      if (header === section) found = offset;
    } else if (inSection === section && /^\s*"?([^="\s]+)"?\s*=/.exec(line)?.[1] === key) {
      found = offset;
    }
    offset += line.length + 1;
  }
  return found;
}
