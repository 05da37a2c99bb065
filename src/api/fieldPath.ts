/** Where a value is within an object: keys of mappings and indexes (from 0) of lists. */
export type FieldPath = readonly (string | number)[];

/** As people write it: `spec.env[3].name`, `metadata.labels["a.b/c"]`. */
export function formatPath(path: FieldPath): string {
  let text = "";
  for (const segment of path) {
    if (typeof segment === "number") text += `[${segment}]`;
    else if (/^[A-Za-z_][-\w]*$/.test(segment)) text += text === "" ? segment : `.${segment}`;
    else text += `[${JSON.stringify(segment)}]`;
  }
  return text;
}

/** `path` is `ancestor`, or lies below it. */
export function isWithin(path: FieldPath, ancestor: FieldPath): boolean {
  return ancestor.every((segment, index) => path[index] === segment);
}
