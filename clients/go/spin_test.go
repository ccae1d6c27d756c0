//go:build unix

package remora_test

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	remora "github.com/remora-llm/remora/clients/go"
)

func TestWaitingForASidecarDoesNotSpin(t *testing.T) {
	client := client(t, remora.WithAddress(nobody(t)), remora.WithConnectTimeout(2*time.Second))
	before := usedCPU(t)
	_, err := client.IsServing(context.Background())
	if used := usedCPU(t) - before; !errors.Is(err, remora.SidecarUnreachable) || used > time.Second {
		t.Errorf("%v, %v of CPU", err, used)
	}
}

func usedCPU(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
