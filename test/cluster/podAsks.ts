import type { TestNamespace } from "./testNamespace.ts";

/** How long a pod waits for an answer that has to come, and for one that must not. */
const PATIENT = "10s";
const IMPATIENT = "1s";

/** What an impatient pod says of packets that were dropped, or refused. */
export const SHUT_OUT = /Client.Timeout|deadline exceeded|connection refused/;

/** What the pod program in a pod is answered; with what it says when it is not. */
export function podAsks({ kubectl }: TestNamespace, pod: string, url: string): Promise<string> {
  return kubectl("exec", pod, "--", "/pod-program", "get", url, PATIENT);
}

/** The same, or why there is no answer: to be held against SHUT_OUT. */
export function podKnocks({ kubectl }: TestNamespace, pod: string, url: string): Promise<string> {
  return kubectl("exec", pod, "--", "/pod-program", "get", url, IMPATIENT).catch(String);
}
