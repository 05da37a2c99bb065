// A cdk8s app of somebody else's: a fleet from its file, beside what is the app's own.
import { ApiObject, App, Chart, JsonPatch, Yaml } from "cdk8s";
import { Fleet } from "weir";

const app = new App({ outdir: "out" });
const chart = new Chart(app, "studio", { labels: { team: "writers" } });
new ApiObject(chart, "namespace", {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "writing" },
});
const fleet = new Fleet(chart, "fleet", { objects: Yaml.load("fleet.yaml") });

// What weir does not say, the app can: also what is newer than cdk8s-plus-27.
const deployment = fleet.servers
  .get("writing/author")
  ?.objects.find(({ kind }) => kind === "Deployment");
deployment?.addJsonPatch(
  JsonPatch.add("/spec/template/spec/containers/0/restartPolicyRules", [
    { action: "Restart", exitCodes: { operator: "In", values: [42] } },
  ]),
);
app.synth();
