import { goBuild } from "./goBuild.ts";

/**
 * Reads the compose file that it is given as docker compose does: environment, schema, references.
 * It prints what compose makes of it as JSON, or ends with 1 and what is wrong.
 */
const SOURCE = `package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	path := os.Args[1]
	options, err := cli.NewProjectOptions(
		[]string{path},
		cli.WithWorkingDirectory(filepath.Dir(path)),
		cli.WithOsEnv,
		cli.WithEnvFiles(),
		cli.WithDotEnv,
	)
	if err == nil {
		project, loadErr := options.LoadProject(context.Background())
		err = loadErr
		if err == nil {
			text, jsonErr := project.MarshalJSON()
			err = jsonErr
			os.Stdout.Write(text)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
`;

/**
 * The path of a program that loads a compose file with docker compose's own loader, which holds it
 * against the compose specification's schema. Built when the cache does not hold it: about 30 s on
 * 2 cores.
 */
export function composeLoader(): Promise<string> {
  return goBuild({
    name: "compose-loader",
    module: "github.com/compose-spec/compose-go/v2",
    version: "v2.16.2",
    mainPackage: { source: SOURCE },
  });
}
