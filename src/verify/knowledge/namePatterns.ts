/**
 * Names as a table of knowledge/ writes them, as one pattern: `*_` in front stands for nothing or any
 * words, another `*` for any letters, `{A,B}` for one of these. Upper or lower case is the same.
 */
export function namePattern(names: readonly string[] = []): RegExp {
  return new RegExp(`^(?:${names.map(nameSource).join("|") || NEVER})$`, "i");
}

/** `spring.datasource.maxPoolSize` and `Database__PoolSize`, written as variables usually are. */
export function usualName(name: string): string {
  return name
    .replaceAll(/([a-z\d])([A-Z])/g, "$1_$2")
    .replaceAll(/[._-]+/g, "_")
    .toUpperCase();
}

/** The same for paths of images: `timescale/*` is the end of `docker.io/timescale/timescaledb`. */
export function imagePattern(images: readonly string[] = []): RegExp {
  const sources = images.map((image) => expression(image).replaceAll(".*", "[^/]*"));
  return new RegExp(`(?:^|/)(?:${sources.join("|") || NEVER})$`);
}

const NEVER = "(?!)";

function nameSource(name: string): string {
  return name.startsWith("*_") ? `(?:.*_)?${expression(name.slice(2))}` : expression(name);
}

function expression(text: string): string {
  return text
    .replaceAll(/[.+?^$()|[\]\\]/g, (special) => `\\${special}`)
    .replaceAll("*", ".*")
    .replaceAll(/\{[^{}]*\}/g, (words) => `(?:${words.slice(1, -1).replaceAll(",", "|")})`);
}
