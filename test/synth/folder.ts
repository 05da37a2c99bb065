import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";

/** What lies in a folder and below: texts by path, `-> TARGET` for links, `/` for folders. */
export async function contentOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const content = await Promise.all(
    entries.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(folder.length + 1);
      if (entry.isDirectory()) return [name, "/"] as const;
      if (entry.isSymbolicLink()) return [name, `-> ${await readlink(path)}`] as const;
      return [name, await readFile(path, "utf8")] as const;
    }),
  );
  return Object.fromEntries(content);
}
