/** An import or a re-export of a module. */
interface Import {
  /** As written: `./place.ts`, `node:fs`. */
  readonly name: string;
  /** Nothing of the module is there when the code runs. */
  readonly ofTypes: boolean;
  /** The names that are taken of the module; absent where it is taken as a whole. */
  readonly taken?: readonly string[];
}

/** What the code of a module imports, in any way. */
export function importsIn(code: string): readonly Import[] {
  return [
    ...code.matchAll(
      /^(?:import|export)\s(?<types>type\s)?(?<clause>[^"'`;]*?)\bfrom\s*["'](?<name>[^"']+)["']/gm,
    ),
    ...code.matchAll(/^import\s*["'](?<name>[^"']+)["']/gm),
    ...code.matchAll(/\bimport\(\s*["'`](?<name>[^"'`]+)["'`]/g),
  ].flatMap(({ groups }) => {
    const { name, types, clause } = groups ?? {};
    if (name === undefined) return [];
    const whole = clause === undefined || clause.includes("*");
    return [{ name, ofTypes: types !== undefined, ...(!whole && { taken: namesIn(clause) }) }];
  });
}

/** What the code of a module exports under a name of its own; `default` stands for the default. */
export function exportsIn(code: string): readonly string[] {
  const declared = code.matchAll(
    /^export (?<byDefault>default )?(?:declare )?(?:abstract )?(?:async )?(?:interface|type|class|enum|function\*?|const|let) (?<name>\w+)/gm,
  );
  const listed = code.matchAll(/^export (?:type )?\{(?<list>[^}]*)\}/gm);
  return [
    ...[...declared].map(({ groups }) =>
      groups?.["byDefault"] === undefined ? (groups?.["name"] ?? "") : "default",
    ),
    ...[...listed].flatMap(({ groups }) =>
      specifiersIn(groups?.["list"] ?? "").map(({ outside }) => outside),
    ),
  ];
}

/** Of `Default, { name, type Other as Renamed }`: the names that the module itself has. */
function namesIn(clause: string): readonly string[] {
  const list = clause.match(/\{([^}]*)\}/)?.[1] ?? "";
  const before = clause
    .replace(/\{[^}]*\}/, "")
    .replace(",", "")
    .trim();
  return [...(before === "" ? [] : ["default"]), ...specifiersIn(list).map(({ inside }) => inside)];
}

function specifiersIn(list: string): readonly { inside: string; outside: string }[] {
  return list
    .split(",")
    .map((each) => each.trim().replace(/^type\s+/, ""))
    .filter((each) => each !== "")
    .map((each) => {
      const [inside = "", outside = inside] = each.split(/\s+as\s+/);
      return { inside, outside };
    });
}
