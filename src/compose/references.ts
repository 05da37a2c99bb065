/** A variable of a container: what Kubernetes would set it to, or undefined where only it knows. */
export type Variables = ReadonlyMap<string, string | undefined>;

/** A text with its references replaced, or the name of the first one that can't be. */
export type Expanded =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly name: string };

/**
 * Replaces `$(NAME)` as kubelet does: by the variable's value; a name that nobody set stays as it
 * is, and `$$` is a dollar sign.
 */
export function expanded(text: string, variables: Variables): Expanded {
  let unknown: string | undefined;
  const result = text.replaceAll(/\$\$|\$\(([^()]*)\)/g, (match, name: string | undefined) => {
    if (name === undefined) return "$";
    if (!variables.has(name)) return match;
    const value = variables.get(name);
    if (value === undefined) unknown ??= name;
    return value ?? "";
  });
  return unknown === undefined ? { ok: true, text: result } : { ok: false, name: unknown };
}
