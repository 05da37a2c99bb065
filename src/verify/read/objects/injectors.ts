import type { Knowledge } from "../../knowledge/knowledge.ts";
import { namePattern, usualName } from "../../knowledge/namePatterns.ts";
import { Template } from "../../template.ts";
import { isShell, type Argument, type HiddenSource } from "../../workload.ts";

type InjectorRow = Knowledge["injectors"][number];

/** A setting by which a program itself asks a product for its configuration. */
interface AskingSetting {
  readonly product: string;
  readonly name: RegExp;
  /** What must stand in its value. */
  readonly text: string;
}

/** What turns such a setting off. */
const OFF = /^\s*(?:false|off|no|none|0|disabled)?\s*$/i;

/** What puts variables and files into containers that no manifest has: knowledge/injectors.yaml. */
export class Injectors {
  readonly #rows: readonly InjectorRow[];
  readonly #runs: RegExp;
  readonly #fetches: RegExp;
  readonly #asking: readonly AskingSetting[];
  readonly #askingNames: RegExp;

  constructor({ injectors }: Pick<Knowledge, "injectors">) {
    this.#rows = injectors;
    this.#runs = commandPattern(injectors.flatMap(({ runs = [] }) => runs));
    this.#fetches = commandPattern(injectors.flatMap(({ fetches = [] }) => fetches));
    const asking = injectors.flatMap((row) =>
      (row.variables ?? []).map((variable) => {
        const [name = "", text = ""] = variable.split("=");
        return { product: row.name, pattern: name, text };
      }),
    );
    this.#asking = asking.map(({ pattern, ...one }) => ({ ...one, name: namePattern([pattern]) }));
    this.#askingNames = namePattern(asking.map(({ pattern }) => pattern));
  }

  /** The product that adds something to a pod with these annotations, and the annotation. */
  byAnnotation(
    annotations: ReadonlyMap<string, string>,
  ): { readonly name: string; readonly annotation: string } | undefined {
    if (annotations.size === 0) return undefined;
    for (const { name, annotations: own = [] } of this.#rows) {
      const annotation = [...annotations].find(
        ([key, value]) =>
          value !== "" &&
          value !== "false" &&
          own.some((one) => (/[-./]$/.test(one) ? key.startsWith(one) : key === one)),
      );
      if (annotation !== undefined) return { name, annotation: annotation[0] };
    }
    return undefined;
  }

  /** The product that replaces a variable's text when the container starts. */
  byValue(text: string): string | undefined {
    const isIn = (one: string): boolean =>
      one.startsWith("*") ? text.includes(one.slice(1)) : text.startsWith(one);
    return this.#rows.find(({ values = [] }) => values.some(isIn))?.name;
  }

  /** The product that a program asks for its configuration, as a variable, a flag or a property says. */
  bySetting(setting: string, value: string): string | undefined {
    const name = usualName(setting);
    if (!this.#askingNames.test(name) || OFF.test(value)) return undefined;
    return this.#asking.find((one) => one.name.test(name) && value.includes(one.text))?.product;
  }

  /** The product whose CSI driver makes a volume of secrets. */
  byDriver(driver: string): string | undefined {
    return this.#rows.find(({ drivers = [] }) => drivers.includes(driver))?.name;
  }

  /** Whether a container of this image and command fetches secrets, to write them somewhere. */
  isFetcher(imageName: string, command: Template): boolean {
    const words = this.#rows.flatMap(({ images = [] }) => images);
    return (
      words.some((word) => new RegExp(`(?:^|[-_])${word}(?:[-_]|$)`).test(imageName)) ||
      command.test(this.#fetches) ||
      command.test(this.#runs)
    );
  }

  /**
   * What a command gives to the program that it starts: secrets in its environment, also those that a
   * script fetches for what it goes on with.
   */
  byCommand(words: readonly Argument[]): readonly HiddenSource[] {
    const [program] = words;
    const command = Template.join(
      words.map(({ text }) => text),
      " ",
    );
    const last = words.at(-1);
    if (program === undefined || last === undefined) return [];
    const isFetched =
      command.test(this.#runs) || (isShell(program.text) && command.test(this.#fetches));
    return isFetched ? [{ name: "its command", place: last.place, isProgram: true }] : [];
  }
}

/** One of these commands as a word of its own, wherever it stands in a command line or a script. */
function commandPattern(commands: readonly string[]): RegExp {
  const words = commands.map((one) => one.replace(/[^\w ]/g, "\\$&").replaceAll(" ", "\\s+"));
  return new RegExp(`(?:^|[\\s/;&|("'\`])(?:${words.join("|")})(?=[\\s;&|)"'\`]|$)`);
}
