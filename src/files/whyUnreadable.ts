const WHY: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "may not be read",
  EISDIR: "is a folder, not a file",
  ENOTDIR: "there is no such file",
};

/** Why a file could not be read, in words that go after its name; the error's own where there are none. */
export function whyUnreadable(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return ("code" in error ? WHY[String(error.code)] : undefined) ?? error.message;
}
