/** The application_name of a console of weir's, which tells it from every other client. */
export function consoleName(sixBytesInHex: string): string {
  return `weir-${sixBytesInHex}`;
}

/** Whether an application_name is that of a console of weir's; application_name_add_host adds to it. */
export function isConsoleName(applicationName: string): boolean {
  return /^weir-[0-9a-f]{12}(?: - .*)?$/.test(applicationName);
}
