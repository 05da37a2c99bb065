import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FILES = ["src", "charts", "pool", "test", "examples", "tools", "bin"]
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => filesBelow(folder))
  .filter((file) => file.endsWith(".ts"))
  .concat("vitest.config.ts");

/** The code of every TypeScript file of the repository, by its path. */
export const CODE: ReadonlyMap<string, string> = new Map(
  FILES.map((file) => [file, readFileSync(file, "utf8")]),
);

/** Without what is installed or built. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => !/(?:^|\/)(?:node_modules|dist)\//.test(file))
    .map((file) => join(folder, file));
}
