// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaks

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
)

// Artifact is something that could hold a value by mistake.
type Artifact struct {
	Name    string
	Content []byte
}

// Bytes is an artifact in memory.
func Bytes(name string, content []byte) Artifact { return Artifact{name, content} }

// Files returns each regular file in a tree as an artifact named by its path.
// Symbolic links are not followed. Each directory is first shown to skip, which may
// be nil.
func Files(tree fs.FS, skip func(dir string) bool) ([]Artifact, error) {
	var artifacts []Artifact
	err := fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && skip != nil && skip(path):
			return fs.SkipDir
		case entry.Type().IsRegular():
			content, err := fs.ReadFile(tree, path)
			artifacts = append(artifacts, Artifact{path, content})
			return err
		}
		return nil
	})
	return artifacts, err
}

// visit passes on the artifact and, if it is an archive, each of its members.
func (a Artifact) visit(search func(Artifact)) error {
	search(a)
	if !bytes.HasPrefix(a.Content, []byte("PK\x03\x04")) {
		return nil
	}
	archive, err := zip.NewReader(bytes.NewReader(a.Content), int64(len(a.Content)))
	if err != nil {
		return fmt.Errorf("unzipping %s: %w", a.Name, err)
	}
	for _, file := range archive.File {
		member := Artifact{Name: a.Name + "/" + file.Name}
		if member.Content, err = fs.ReadFile(archive, file.Name); err != nil {
			return fmt.Errorf("unzipping %s: %w", member.Name, err)
		}
		if err := member.visit(search); err != nil {
			return err
		}
	}
	return nil
}
