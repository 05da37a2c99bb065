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

/**
 * Images as a table of knowledge/ writes them: the last parts of the path, and after a `:` the tag, which
 * is `latest` where an image has none. A row without a tag is of all tags. `timescale/*` is
 * `docker.io/timescale/timescaledb:2`, `php:*fpm*` is `php:8.3-fpm-alpine`. `*` stands for any letters,
 * of a path without a slash. A digest is no part of it.
 */
export function imagePattern(images: readonly string[] = []): RegExp {
  return new RegExp(`(?:^|/)(?:${images.map(imageSource).join("|") || NEVER})(?:@[^]*)?$`);
}

const NEVER = "(?!)";

function imageSource(image: string): string {
  const [path = "", tag] = image.split(":");
  const name = expression(path).replaceAll(".*", "[^/]*");
  if (tag === undefined) return `${name}(?::[^/]*)?`;
  const ofTag = `:${expression(tag).replaceAll(".*", "[^/@]*")}`;
  return new RegExp(`^${ofTag}$`).test(":latest") ? `${name}(?:${ofTag})?` : name + ofTag;
}

function nameSource(name: string): string {
  return name.startsWith("*_") ? `(?:.*_)?${expression(name.slice(2))}` : expression(name);
}

function expression(text: string): string {
  return text
    .replaceAll(/[.+?^$()|[\]\\]/g, (special) => `\\${special}`)
    .replaceAll("*", ".*")
    .replaceAll(/\{[^{}]*\}/g, (words) => `(?:${words.slice(1, -1).replaceAll(",", "|")})`);
}
