/** Where everything of one machine is: no two that run at a time share any of it. */
export interface Addresses {
  /** Of the host, on its link to the machine: pods reach a process of the host here. */
  readonly host: string;
  /** Of the machine: the API server, the node. */
  readonly machine: string;
  readonly podRange: string;
  readonly serviceRange: string;
  /** The Service `kubernetes`. */
  readonly apiService: string;
  /** The Service `kube-dns`. */
  readonly dnsService: string;
}

export const API_PORT = 6443;

/** So many machines at a time: there are as many ranges. */
export const MACHINES_MAX = 16;

/** The addresses of a machine by its number, from 0. */
export function addressesOf(number: number): Addresses {
  const services = `10.${176 + number}`;
  return {
    host: `10.250.${number}.1`,
    machine: `10.250.${number}.2`,
    podRange: `10.${160 + number}.0.0/16`,
    serviceRange: `${services}.0.0/16`,
    apiService: `${services}.0.1`,
    dnsService: `${services}.0.10`,
  };
}

export function apiUrlOf({ machine }: Addresses): string {
  return `https://${machine}:${API_PORT}`;
}
