import { k8s } from "cdk8s-plus-27";
import type { McpServer } from "../src/api/mcpServer.ts";

type ContainerResources = NonNullable<McpServer["spec"]["resources"]>;
type Amounts = NonNullable<ContainerResources["requests"]>;

/**
 * A container's resources. What the user neither requests nor limits gets a default request: an
 * autoscaler on CPU needs one. A limit without a request is left so, since Kubernetes then requests
 * as much as the limit, and a default might be more.
 */
export function resourcesOf(
  resources: ContainerResources | undefined,
  defaults: Amounts,
): k8s.ResourceRequirements {
  const limits = resources?.limits ?? {};
  const requests = {
    ...Object.fromEntries(Object.entries(defaults).filter(([name]) => !(name in limits))),
    ...resources?.requests,
  };
  return {
    ...(Object.keys(limits).length === 0 ? {} : { limits: quantities(limits) }),
    ...(Object.keys(requests).length === 0 ? {} : { requests: quantities(requests) }),
  };
}

/** As text, which is how Kubernetes keeps them: a number would be a change in each apply. */
function quantities(amounts: Amounts): Record<string, k8s.Quantity> {
  return Object.fromEntries(
    Object.entries(amounts).map(([name, amount]) => [
      name,
      k8s.Quantity.fromString(String(amount)),
    ]),
  );
}
