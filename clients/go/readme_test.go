package remora_test

import (
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/remora-llm/remora/clients/go/remoratest"
)

var goBlock = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```")

// goBlocks are the README's blocks of Go; the first of all its blocks must be one.
func goBlocks(t *testing.T) []string {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for index, found := range goBlock.FindAllStringSubmatch(string(readme), -1) {
		if found[1] == "go" {
			blocks = append(blocks, found[2])
		} else if index == 0 {
			t.Fatal("the first block is no Go")
		}
	}
	return blocks
}

// run compiles a program with this module, and runs it against a sidecar; what it prints.
func run(t *testing.T, program string) string {
	t.Helper()
	folder := t.TempDir()
	source, binary := filepath.Join(folder, "main.go"), filepath.Join(folder, "program")
	if err := os.WriteFile(source, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command("go", "build", "-o", binary, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, said, program)
	}
	command := exec.Command(binary)
	command.Env = append(os.Environ(), "REMORA_ADDRESS="+remoratest.New(t).Address())
	said, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return string(said)
}

func TestTheFirstBlockIsAProgramOfTenLines(t *testing.T) {
	first := goBlocks(t)[0]
	lines := strings.Split(strings.TrimSuffix(first, "\n"), "\n")
	if len(lines) > 10 {
		t.Errorf("%d lines", len(lines))
	}
	for _, line := range lines {
		if len([]rune(strings.ReplaceAll(line, "\t", "    "))) > 100 {
			t.Errorf("over 100 characters: %s", line)
		}
	}
	if said := run(t, first); said != "Because of Rayleigh scattering." {
		t.Errorf("it printed %q", said)
	}
}

func TestEveryBlockIsAsTheFormatterHasIt(t *testing.T) {
	for _, block := range goBlocks(t) {
		formatted, err := format.Source([]byte(block))
		if err != nil || string(formatted) != block {
			t.Errorf("%v; it should be:\n%s", err, formatted)
		}
	}
}

// surroundings are what the other blocks take for granted: a client, a context, and the imports.
const surroundings = `package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	remora "github.com/remora-llm/remora/clients/go"
	"github.com/remora-llm/remora/clients/go/remorapb"
	"github.com/remora-llm/remora/clients/go/remoratest"
)

var _ = []any{errors.Is, fmt.Print, time.Second, remorapb.Role_ROLE_USER, remoratest.New, testing.Short}

func main() {
	ctx, client := context.Background(), remora.Must(remora.New())
	for _, block := range blocks {
		if err := block(ctx, client); err != nil {
			panic(err)
		}
		fmt.Println()
	}
}

var blocks = []func(context.Context, *remora.Client) error{
%s}

%s`

func TestTheOtherBlocksRun(t *testing.T) {
	var functions, declarations strings.Builder
	count := 0
	for _, block := range goBlocks(t)[1:] {
		if strings.HasPrefix(block, "func ") {
			declarations.WriteString(block)
			continue
		}
		count++
		fmt.Fprintf(&functions, "\tfunc(ctx context.Context, client *remora.Client) error {\n%s\treturn nil\n\t},\n", block)
	}
	said := run(t, fmt.Sprintf(surroundings, functions.String(), declarations.String()))
	if answers := strings.Count(said, "Because of Rayleigh scattering."); answers < count-1 || count < 4 {
		t.Errorf("%d blocks printed %d answers:\n%s", count, answers, said)
	}
}
