/** `${NAME}`, with `:-`, `-`, `:+`, `+`, `:?`, `?` and what follows them. */
const BRACED = /^([A-Za-z_]\w*)(?:(:?[-+?])([\s\S]*))?$/;
const PLAIN = /^[A-Za-z_]\w*/;

/**
 * A text of a compose file with its variables put in, as docker compose does: an unset variable
 * is empty, `$$` is a dollar. Other text stays as it is.
 */
export function interpolated(text: string, valueOf: (name: string) => string | undefined): string {
  let out = "";
  for (let at = 0; at < text.length;) {
    const dollar = text.indexOf("$", at);
    if (dollar < 0) return out + text.slice(at);
    out += text.slice(at, dollar);
    const { value, end } = variableAt(text, dollar, valueOf);
    out += value;
    at = end;
  }
  return out;
}

function variableAt(
  text: string,
  dollar: number,
  valueOf: (name: string) => string | undefined,
): { readonly value: string; readonly end: number } {
  const rest = text.slice(dollar + 1);
  if (rest.startsWith("$")) return { value: "$", end: dollar + 2 };
  const plain = PLAIN.exec(rest)?.[0];
  if (plain !== undefined) {
    return { value: valueOf(plain) ?? "", end: dollar + 1 + plain.length };
  }
  const length = rest.startsWith("{") ? closing(rest) : undefined;
  const braced = length === undefined ? undefined : BRACED.exec(rest.slice(1, length));
  if (length === undefined || braced === null || braced === undefined) {
    return { value: "$", end: dollar + 1 };
  }
  const [, name = "", operator = "", word = ""] = braced;
  const set = valueOf(name);
  const isThere = operator.startsWith(":") ? set !== undefined && set !== "" : set !== undefined;
  const other = () => interpolated(word, valueOf);
  const end = dollar + 2 + length;
  if (operator.endsWith("-")) return { value: isThere ? (set ?? "") : other(), end };
  if (operator.endsWith("+")) return { value: isThere ? other() : "", end };
  return { value: set ?? "", end };
}

/** Where the brace that begins a text is closed, those within it left out. */
function closing(text: string): number | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "{") depth++;
    if (text[at] === "}" && --depth === 0) return at;
  }
  return undefined;
}
