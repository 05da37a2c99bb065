/** The application_name of a console of weir's, which tells it from every other client. */
export function consoleName(twelveHexDigits: string): string {
  return `weir-${twelveHexDigits}`;
}

/** The console of weir's that an application_name names; application_name_add_host adds to it. */
export function consoleIn(applicationName: string): string | undefined {
  return /^(weir-[0-9a-f]{12})(?: - .*)?$/.exec(applicationName)?.[1];
}

/** Whether an application_name is that of a console of weir's. */
export function isConsoleName(applicationName: string): boolean {
  return consoleIn(applicationName) !== undefined;
}
