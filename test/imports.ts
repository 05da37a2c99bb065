/** An import or a re-export of a module. */
interface Import {
  /** As written: `./place.ts`, `node:fs`. */
  readonly name: string;
  /** Nothing of the module is there when the code runs. */
  readonly ofTypes: boolean;
}

/** What the code of a module imports, in any way. */
export function importsIn(code: string): readonly Import[] {
  return [
    ...code.matchAll(
      /^(?:import|export)\s(?<types>type\s)?[^"'`;]*?\bfrom\s*["'](?<name>[^"']+)["']/gm,
    ),
    ...code.matchAll(/^import\s*["'](?<name>[^"']+)["']/gm),
    ...code.matchAll(/\bimport\(\s*["'](?<name>[^"']+)["']/g),
  ].flatMap(({ groups }) => {
    const name = groups?.["name"];
    return name === undefined ? [] : [{ name, ofTypes: groups?.["types"] !== undefined }];
  });
}
