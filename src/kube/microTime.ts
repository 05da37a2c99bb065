/**
 * A time as Kubernetes' MicroTime: six digits of a second, since it refuses any other number of
 * them.
 *
 * @param epochUs microseconds since 1970, a whole number
 */
export function microTime(epochUs: number): string {
  const ms = Math.floor(epochUs / 1000);
  const digits = `${epochUs - ms * 1000}`.padStart(3, "0");
  return new Date(ms).toISOString().replace("Z", `${digits}Z`);
}
