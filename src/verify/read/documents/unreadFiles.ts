import type { Problem } from "../../../fleet/problem.ts";
import { counted } from "../../../text/wording.ts";
import { missing, type MissingQuantity } from "../../quantity.ts";
import { RENDER_FIRST } from "./readDocuments.ts";

/**
 * What files would say that can't be read, beside others that can: one question for each file, and
 * one for all Helm templates of a chart.
 */
export function unreadFiles(problems: readonly Problem[]): readonly MissingQuantity[] {
  const byFile = Map.groupBy(problems, ({ file, allowed }) =>
    allowed === RENDER_FIRST ? chartOf(file) : file,
  );
  return [...byFile].flatMap(([name, own]) => {
    const [first] = own;
    if (first === undefined) return [];
    const { file, line = 1, column = 1, allowed } = first;
    const place = {
      object: {
        file,
        kind: "file",
        apiVersion: "",
        name: file.slice(file.lastIndexOf("/") + 1),
        namespace: "",
        value: {},
        positionOf: () => ({ line, column }),
      },
      path: [],
    };
    if (allowed === RENDER_FIRST && name !== file) {
      const what = `what the Helm templates in ${name} make (${counted(own.length, "file")})`;
      const remedy = `give what helm template makes of the chart, and leave its folder out with --exclude '${name}'`;
      return [missing(what, place, remedy)];
    }
    const more = own.length === 1 ? "" : ` (and ${counted(own.length - 1, "problem")} more)`;
    const remedy = `correct it, or leave it out with --exclude '${file}'`;
    return [missing(`what ${file} says: it ${allowed}${more}`, place, remedy)];
  });
}

/** The folder of templates that a file is in; of another one its own name. */
function chartOf(file: string): string {
  return /^(?:.*\/)?templates(?=\/)/.exec(file)?.[0] ?? file;
}
