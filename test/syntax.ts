import { parseAst } from "vitest/node";

/** A node of the syntax tree of a module: of its fields only what is read here. */
interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly source?: SyntaxNode | null;
  /** Of a literal; a number or a boolean is no text. */
  readonly value?: unknown;
}

/** Statements, expressions and types that name a module. */
const NAMES_A_MODULE = [
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "ImportExpression",
  "TSImportType",
];

/** What a module is, apart from what is written in it for people. */
interface Syntax {
  /**
   * The code without its comments and texts, so that a word in prose is no finding. A text is found
   * as the parser sees it: what looks like a comment in it is none, and hides no code.
   */
  readonly alone: string;
  /** Every module that the code names; what is computed stands as it is written. */
  readonly modules: readonly string[];
}

export function syntaxOf(code: string): Syntax {
  const nodes = nodesOf(code);
  let alone = "";
  let end = 0;
  for (const text of nodes.filter(isText)) {
    alone += `${code.slice(end, text.start)}""`;
    end = text.end;
  }
  alone += code.slice(end);
  return {
    alone: alone.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ""),
    modules: nodes
      .filter(({ type }) => NAMES_A_MODULE.includes(type))
      .flatMap(({ source }) => {
        if (source === undefined || source === null) return [];
        const { value } = source;
        return [typeof value === "string" ? value : code.slice(source.start, source.end)];
      }),
  };
}

/** In the order of the code. */
function nodesOf(code: string): readonly SyntaxNode[] {
  const nodes: SyntaxNode[] = [];
  const walk = (value: unknown) => {
    if (typeof value !== "object" || value === null) return;
    if (isNode(value)) nodes.push(value);
    for (const child of Object.values(value)) walk(child);
  };
  walk(parseAst(code, { lang: "ts" }));
  return nodes.toSorted((a, b) => a.start - b.start);
}

function isNode(value: object): value is SyntaxNode {
  return "type" in value && typeof value.type === "string" && "start" in value;
}

/** A text in quotes, a pattern, or what stands between the expressions of a template. */
function isText({ type, value }: SyntaxNode): boolean {
  const isLiteral = type === "Literal" && (typeof value === "string" || value instanceof RegExp);
  return isLiteral || type === "TemplateElement";
}
