import type { ApiObject } from "cdk8s";
import { Construct } from "constructs";
import type { ConnectionBudget } from "../src/api/connectionBudget.ts";
import type { McpServer } from "../src/api/mcpServer.ts";
import type { ServerPlan } from "../src/budget/plan.ts";
import { addObjects } from "./apiObjects.ts";
import { serverObjects } from "./serverObjects.ts";

export interface McpServerWorkloadProps {
  readonly server: McpServer;
  /** The budget that the server draws from. */
  readonly budget: ConnectionBudget;
  /** The server's numbers in that budget's plan; see planFleet. */
  readonly plan: ServerPlan;
}

/**
 * One MCP server: Deployment, Service, NetworkPolicy and, where they apply, an autoscaler and a
 * PodDisruptionBudget. Its pools get what the plan gives them.
 */
export class McpServerWorkload extends Construct {
  /** The objects, for a JsonPatch or a dependency. */
  readonly objects: readonly ApiObject[];

  constructor(scope: Construct, id: string, { server, budget, plan }: McpServerWorkloadProps) {
    super(scope, id);
    this.objects = addObjects(this, serverObjects(server, budget, plan));
  }
}
