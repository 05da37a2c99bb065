/** KIND/NAME of what may be an object, as far as both are there and look like names. */
export function objectName(value: unknown): string | undefined {
  const kind = textAt(value, "kind");
  const name = textAt(metadataOf(value), "name");
  if (kind === undefined || !LABEL.test(kind)) return undefined;
  return name !== undefined && LABEL.test(name) ? `${kind}/${name}` : kind;
}

/** What identifies an object, as written; a part that is no text is undefined. */
export function identityOf(value: unknown) {
  const metadata = metadataOf(value);
  return {
    apiVersion: textAt(value, "apiVersion"),
    kind: textAt(value, "kind"),
    namespace: textAt(metadata, "namespace"),
    name: textAt(metadata, "name"),
  };
}

const LABEL = /^[-\w.]{1,253}$/;

function metadataOf(value: unknown): unknown {
  return isMapping(value) ? value["metadata"] : undefined;
}

function textAt(value: unknown, field: string): string | undefined {
  const text = isMapping(value) ? value[field] : undefined;
  return typeof text === "string" ? text : undefined;
}

/** A JSON object. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
