package remora

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// DefaultAddress is where the sidecar is expected unless WithAddress or REMORA_ADDRESS says otherwise.
const DefaultAddress = "127.0.0.1:7650"

const unixPrefix = "unix://"

// endpoint is an address that has been read: what to dial, and what gRPC calls it.
type endpoint struct {
	network string // "tcp" or "unix"
	dialed  string // host:port, or a path
}

// parseAddress reads host:port, [::1]:port or unix:///path. Ports are 1 to 65535.
func parseAddress(address string) (endpoint, error) {
	if path, isUnix := strings.CutPrefix(address, unixPrefix); isUnix {
		if len(path) < 2 || path[0] != '/' {
			return endpoint{}, badAddress(address)
		}
		return endpoint{network: "unix", dialed: path}, nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" || strings.ContainsAny(host, "/@?#% \t\r\n") {
		return endpoint{}, badAddress(address)
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || number == 0 {
		return endpoint{}, badAddress(address)
	}
	return endpoint{network: "tcp", dialed: address}, nil
}

// target is the endpoint as gRPC takes it. The name is resolved with every connection, by dial and not by gRPC.
func (e endpoint) target() string {
	if e.network == "unix" {
		return "passthrough:///localhost"
	}
	return "passthrough:///" + e.dialed
}

// dial connects; the address that gRPC names is always this one.
func (e endpoint) dial(ctx context.Context, _ string) (net.Conn, error) {
	var dialer net.Dialer
	return dialer.DialContext(ctx, e.network, e.dialed)
}

func badAddress(address string) error {
	return fmt.Errorf("remora: the address must be host:port, [::1]:port or unix:///path, not %q", address)
}
