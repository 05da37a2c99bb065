import { Template } from "../template.ts";

/** `${NAME}`, with `:-`, `-`, `:+`, `+`, `:?`, `?` and what follows them. */
const BRACED = /^([A-Za-z_]\w*)(?:(:?[-+?])([\s\S]*))?$/;
const PLAIN = /^[A-Za-z_]\w*/;

/** The value of a variable; undefined where it is not set. */
export type Variables = (name: string) => Template | undefined;

/** What a variable hides that is not set here and has no default. */
export function unsetVariable(name: string): Template {
  return Template.unknown(`variable ${name}`);
}

/**
 * A text of a compose file with its variables put in, as docker compose does: `$$` is a dollar, and
 * other text stays as it is. A variable that is not set is unknown: docker takes it for empty, but
 * where the system runs it may be set.
 */
export function interpolated(text: string, valueOf: Variables): Template {
  const parts: Template[] = [];
  for (let at = 0; at < text.length;) {
    const dollar = text.indexOf("$", at);
    if (dollar < 0) {
      parts.push(Template.of(text.slice(at)));
      break;
    }
    parts.push(Template.of(text.slice(at, dollar)));
    const { value, end } = variableAt(text, dollar, valueOf);
    parts.push(value);
    at = end;
  }
  return Template.join(parts);
}

function variableAt(
  text: string,
  dollar: number,
  valueOf: Variables,
): { readonly value: Template; readonly end: number } {
  const rest = text.slice(dollar + 1);
  if (rest.startsWith("$")) return { value: Template.of("$"), end: dollar + 2 };
  const plain = PLAIN.exec(rest)?.[0];
  if (plain !== undefined) {
    return { value: valueOf(plain) ?? unsetVariable(plain), end: dollar + 1 + plain.length };
  }
  const length = rest.startsWith("{") ? closing(rest) : undefined;
  const braced = length === undefined ? undefined : BRACED.exec(rest.slice(1, length));
  if (length === undefined || braced === null || braced === undefined) {
    return { value: Template.of("$"), end: dollar + 1 };
  }
  const [, name = "", operator = "", word = ""] = braced;
  const set = valueOf(name);
  const isThere = operator.startsWith(":") && set !== undefined ? !set.isEmpty : set !== undefined;
  const other = () => interpolated(word, valueOf);
  const end = dollar + 2 + length;
  if (operator.endsWith("-")) return { value: isThere && set !== undefined ? set : other(), end };
  if (operator.endsWith("+") && set !== undefined) {
    return { value: isThere ? other() : Template.of(""), end };
  }
  return { value: set ?? unsetVariable(name), end };
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

const SEGMENT = /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|([^\s'"\\]+)/g;

/** The words of a command that stands in one text, as docker compose splits them: like a shell. */
export function commandWords(text: Template): readonly Template[] {
  return text
    .matchAll(/(?:'[^']*'|"(?:[^"\\]|\\[\s\S])*"|\\[\s\S]|[^\s'"\\])+/g)
    .flatMap(([word]) => word ?? [])
    .map((word) =>
      Template.join(
        word
          .matchAll(SEGMENT)
          .flatMap(([, single, double, escaped, plain]) =>
            double === undefined ? (single ?? escaped ?? plain ?? []) : unescaped(double),
          ),
      ),
    );
}

function unescaped(text: Template): readonly Template[] {
  return text
    .matchAll(/\\(["\\$`])|((?:[^\\]|\\(?!["\\$`]))+)/g)
    .flatMap(([, escaped, plain]) => escaped ?? plain ?? []);
}
