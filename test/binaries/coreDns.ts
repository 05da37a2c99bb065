import { goBuild } from "./goBuild.ts";

/** CoreDNS with no more plugins than a cluster's DNS needs: these are a tenth of all there are. */
const SOURCE = `package main

import (
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loadbalance"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/template"
)

func main() {
	coremain.Run()
}
`;

/** The path of `coredns`, built when the cache does not hold it: about 2 minutes on 2 cores. */
export function coreDnsBinary(): Promise<string> {
  return goBuild({
    name: "coredns",
    module: "github.com/coredns/coredns",
    version: "v1.15.0",
    mainPackage: { source: SOURCE },
  });
}
