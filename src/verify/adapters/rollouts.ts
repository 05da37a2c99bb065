import { known, missing } from "../quantity.ts";
import { doubled, replicas, rolledOut } from "../read/peakPods.ts";
import type { Adapter } from "./adapter.ts";

/** Argo Rollouts: a Rollout has pods of its own, or those of the Deployment that it refers to. */
export const argoRollouts: Adapter = {
  scalers: {
    "argoproj.io/Rollout": {
      target: (root) => root.at("spec", "workloadRef"),
      maximum: (root) => {
        const field = root.at("spec", "replicas");
        const count = field.exists ? field.count() : 1;
        if (count !== undefined) {
          return known(count, `${count} replicas of its Rollout`, field.place());
        }
        const remedy = "write spec.replicas as a number";
        return missing("the Rollout's replicas", field.place(), remedy);
      },
      passesOn: true,
    },
  },
  workloads: {
    "argoproj.io/Rollout": {
      // Canary and blue-green both have two generations.
      peakPods: (root, scalers) => doubled(replicas(root, scalers), "2 generations (Rollout)"),
    },
  },
};

/** OpenShift's DeploymentConfig, which is older than Deployments. */
export const openshift: Adapter = {
  workloads: {
    "apps.openshift.io/DeploymentConfig": {
      peakPods: (root, scalers) =>
        rolledOut(replicas(root, scalers), root.at("spec", "strategy", "type"), "Rolling"),
    },
  },
};
