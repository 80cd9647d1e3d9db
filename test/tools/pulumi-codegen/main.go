// Writes the Go and Python packages that Pulumi generates from a component package's schema, without language plugins:
// pulumi-codegen SCHEMA.json FOLDER
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	gogen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// Binding checks the schema itself: every reference and every type.
func load(file string) (*schema.Package, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, err
	}
	bound, diagnostics, err := schema.BindSpec(spec, nil, schema.ValidationOptions{})
	if err != nil {
		return nil, err
	}
	if diagnostics.HasErrors() {
		return nil, diagnostics
	}
	return bound, nil
}

func write(folder string, files map[string][]byte) error {
	for name, text := range files {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func run(schemaFile, folder string) error {
	forGo, err := load(schemaFile)
	if err != nil {
		return err
	}
	files, err := gogen.GeneratePackage("pulumi-codegen", forGo, nil)
	if err != nil {
		return err
	}
	if err := write(filepath.Join(folder, "go"), files); err != nil {
		return err
	}
	forPython, err := load(schemaFile)
	if err != nil {
		return err
	}
	files, err = python.GeneratePackage("pulumi-codegen", forPython, nil, nil)
	if err != nil {
		return err
	}
	return write(filepath.Join(folder, "python"), files)
}

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
