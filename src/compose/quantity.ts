const POWERS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** CPUs of a Kubernetes quantity as compose writes them: `250m` is `0.25`. Up to whole millis. */
export function cpusOf(quantity: number | string): string {
  return String(Math.ceil(amountOf(quantity) * 1000 - ROUNDING) / 1000);
}

/** Bytes of a Kubernetes quantity: `1Gi` is `1073741824`. */
export function bytesOf(quantity: number | string): string {
  return String(BigInt(Math.ceil(amountOf(quantity) - ROUNDING)));
}

/** What a product of binary fractions may be off by. */
const ROUNDING = 1e-6;

function amountOf(quantity: number | string): number {
  const [, digits = "", suffix = ""] = /^([\d.]+)(.*)$/.exec(String(quantity)) ?? [];
  const power = POWERS[suffix];
  // Of the other suffixes all are exponents: the schema allows no more.
  return power === undefined ? Number(digits + suffix) : Number(digits) * power;
}
