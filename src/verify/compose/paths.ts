/** The folder of a file; "" for the one in which weir runs. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/**
 * A path that stands in a file of a folder. Without `.` and `..` as far as they can be resolved.
 *
 * @param folder "" is the one in which weir runs
 */
export function pathFrom(folder: string, path: string): string {
  const isAbsolute = /^(?:[/~]|[A-Za-z]:[\\/])/.test(path);
  const parts: string[] = [];
  for (const part of (isAbsolute ? path : `${folder}/${path}`).split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else parts.push(part);
  }
  const isRooted = path.startsWith("/") || (!isAbsolute && folder.startsWith("/"));
  return `${isRooted ? "/" : ""}${parts.join("/")}`;
}
