// Command modulezip packs a Go module as the zip file that Go's module proxies serve (https://go.dev/ref/mod#zip-files).
//
//	modulezip pack MODULE VERSION FOLDER LICENSE ZIP
//	modulezip unpack MODULE VERSION ZIP FOLDER
//
// FOLDER's nested modules and its build folder are left out; LICENSE is put in where the folder has none.
package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

func main() {
	given := os.Args[1:]
	var err error
	switch {
	case len(given) == 6 && given[0] == "pack":
		err = pack(module.Version{Path: given[1], Version: given[2]}, given[3], given[4], given[5])
	case len(given) == 5 && given[0] == "unpack":
		err = zip.Unzip(given[4], module.Version{Path: given[1], Version: given[2]}, given[3])
	default:
		fmt.Fprintln(os.Stderr, "usage: modulezip pack MODULE VERSION FOLDER LICENSE ZIP | unpack MODULE VERSION ZIP FOLDER")
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "modulezip:", err)
		os.Exit(1)
	}
}

func pack(version module.Version, folder, license, out string) error {
	files, err := filesOf(folder)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(folder, "LICENSE")); err != nil {
		files = append(files, file{disk: license, path: "LICENSE"})
	}
	packed, err := os.Create(out)
	if err != nil {
		return err
	}
	if err := zip.Create(packed, version, files); err != nil {
		packed.Close()
		return err
	}
	return packed.Close()
}

// filesOf is every file of the module.
func filesOf(folder string) ([]zip.File, error) {
	var files []zip.File
	err := filepath.WalkDir(folder, func(disk string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		path, err := filepath.Rel(folder, disk)
		if err != nil {
			return err
		}
		if entry.IsDir() && path != "." && (path == "build" || isModule(disk)) {
			return filepath.SkipDir
		}
		if entry.Type().IsRegular() {
			files = append(files, file{disk: disk, path: filepath.ToSlash(path)})
		}
		return nil
	})
	return files, err
}

func isModule(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, "go.mod"))
	return err == nil
}

// file is one file of the module, by where it is and what it is called there.
type file struct{ disk, path string }

func (f file) Path() string                 { return f.path }
func (f file) Lstat() (os.FileInfo, error)  { return os.Stat(f.disk) }
func (f file) Open() (io.ReadCloser, error) { return os.Open(f.disk) }
