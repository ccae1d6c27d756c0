package remora

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

func TestAddressesThatCanBe(t *testing.T) {
	for address, want := range map[string]endpoint{
		"127.0.0.1:7650":       {"tcp", "127.0.0.1:7650"},
		"localhost:1":          {"tcp", "localhost:1"},
		"sidecar.example:443":  {"tcp", "sidecar.example:443"},
		"[::1]:65535":          {"tcp", "[::1]:65535"},
		"unix:///run/remora/s": {"unix", "/run/remora/s"},
		"unix:///tmp/a b%20?#": {"unix", "/tmp/a b%20?#"},
	} {
		got, err := parseAddress(address)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v", address, got, err)
		}
		if _, err := New(WithAddress(address)); err != nil {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestAddressesThatCannotBe(t *testing.T) {
	for _, address := range []string{
		" ", "localhost", "localhost:", ":7650", "::1:7650", "[::1]", "localhost:0", "localhost:65536", "localhost:grpc",
		"http://localhost:7650", "dns:///localhost:7650", "a/b:1", "a b:1", "user@host:1", "unix:/run/s", "unix:s",
		"unix://run/s", "unix:///", "[fe80::1%eth0]:1", "localhost:+1",
	} {
		if _, err := New(WithAddress(address)); err == nil || !strings.Contains(err.Error(), "must be host:port") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestAUnixPathIsDialedAsItIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b%20?#")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	where, err := parseAddress("unix://" + path)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := where.dial(context.Background(), "whatever gRPC says")
	if err != nil {
		t.Fatal(err)
	}
	connection.Close()
}
