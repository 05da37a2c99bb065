import { doubled, replicas, rolledOut, countIn } from "../read/pods/peakPods.ts";
import type { Adapter } from "../read/adapter.ts";

/** Argo Rollouts: a Rollout has pods of its own, or those of the Deployment that it refers to. */
export const argoRollouts: Adapter = {
  scalers: {
    "argoproj.io/Rollout": {
      target: (root) => root.at("spec", "workloadRef"),
      maximum: (root) =>
        countIn(
          root.at("spec", "replicas"),
          "the Rollout's replicas",
          (count) => `${count} replicas of its Rollout`,
          1,
        ),
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
