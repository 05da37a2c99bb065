/**
 * Whether `weir diagnose` ended as it does when somebody could not be asked, and found nothing else:
 * whoever is busy may not answer within its five seconds. Any other end is an answer, or a defect.
 *
 * @param said what it wrote, and last "ended with CODE"
 */
export function couldNotAsk(said: string): boolean {
  const code = /\nended with (?<code>\d+)\n$/.exec(said)?.groups?.["code"];
  if (code === "1") return /^weir diagnose: no PgBouncer could be asked$/m.test(said);
  return code === "4" && !/^! Not well/m.test(said);
}
