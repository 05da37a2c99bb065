import type { Knowledge } from "../../knowledge/knowledge.ts";
import type { Template } from "../../template.ts";

type InjectorRow = Knowledge["injectors"][number];

/** What puts variables and files into containers that no manifest has: knowledge/injectors.yaml. */
export class Injectors {
  readonly #rows: readonly InjectorRow[];
  readonly #runs: RegExp;
  readonly #fetches: RegExp;

  constructor({ injectors }: Pick<Knowledge, "injectors">) {
    this.#rows = injectors;
    this.#runs = commandPattern(injectors.flatMap(({ runs = [] }) => runs));
    this.#fetches = commandPattern(injectors.flatMap(({ fetches = [] }) => fetches));
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

  /** Whether a command starts its program with secrets in the environment. */
  isStarter(command: Template): boolean {
    return command.test(this.#runs);
  }

  /** Whether a script fetches secrets for what it goes on with. */
  fetchesIn(script: Template): boolean {
    return script.test(this.#fetches);
  }
}

/** One of these commands as a word of its own, wherever it stands in a command line or a script. */
function commandPattern(commands: readonly string[]): RegExp {
  const words = commands.map((one) => one.replace(/[^\w ]/g, "\\$&").replaceAll(" ", "\\s+"));
  return new RegExp(`(?:^|[\\s/;&|("'\`])(?:${words.join("|")})(?=[\\s;&|)"'\`]|$)`);
}
