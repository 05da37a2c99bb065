/** What a Dockerfile takes from outside of itself. */
interface DockerfileSources {
  /** The images that it starts from: `debian:sid-slim`. */
  readonly bases: readonly string[];
  /** Files and folders of the build context, as written. */
  readonly copied: readonly string[];
}

/** Reads the FROM and COPY lines of a Dockerfile, of its stages too. */
export function dockerfileSources(text: string): DockerfileSources {
  const lines = text.replaceAll(/\\\n/g, " ").split("\n");
  const stages = new Set<string>(["scratch"]);
  const bases = new Set<string>();
  const copied = new Set<string>();
  for (const line of lines) {
    const [, base, stage] = /^FROM\s+(\S+)(?:\s+AS\s+(\S+))?/i.exec(line) ?? [];
    if (base !== undefined && !stages.has(base)) bases.add(base);
    if (stage !== undefined) stages.add(stage);
    const [, sources] = /^COPY\s+((?!--from)\S.*)\s\S+$/i.exec(line) ?? [];
    for (const source of sources?.trim().split(/\s+/) ?? []) copied.add(source);
  }
  return { bases: [...bases], copied: [...copied] };
}
