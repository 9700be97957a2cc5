// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaks

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
)

// maxDepth is how deep archives may be nested.
const maxDepth = 8

// Artifact is something that could hold a value by mistake.
type Artifact struct {
	Name string
	// Read returns the whole content.
	Read func() ([]byte, error)
}

// Bytes is an artifact in memory.
func Bytes(name string, content []byte) Artifact {
	return Artifact{Name: name, Read: func() ([]byte, error) { return content, nil }}
}

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
			artifacts = append(artifacts, Artifact{
				Name: path,
				Read: func() ([]byte, error) { return fs.ReadFile(tree, path) },
			})
		}
		return nil
	})
	return artifacts, err
}

// visit passes on the artifact's content and, if that is an archive, the content
// of each member.
func (a Artifact) visit(search func(name string, content []byte)) error {
	content, err := a.Read()
	if err != nil {
		return err
	}
	return visitContent(a.Name, content, 0, search)
}

func visitContent(name string, content []byte, depth int, search func(name string, content []byte)) error {
	search(name, content)
	if !bytes.HasPrefix(content, []byte("PK\x03\x04")) {
		return nil
	}
	if depth == maxDepth {
		return fmt.Errorf("archives are nested more than %d deep in %s", maxDepth, name)
	}
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return fmt.Errorf("unzipping %s: %w", name, err)
	}
	for _, file := range archive.File {
		member, err := fs.ReadFile(archive, file.Name)
		if err != nil {
			return fmt.Errorf("unzipping %s/%s: %w", name, file.Name, err)
		}
		if err := visitContent(name+"/"+file.Name, member, depth+1, search); err != nil {
			return err
		}
	}
	return nil
}
