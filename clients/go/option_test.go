package remora

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestTheEnvironmentSaysWhatOptionsDoNot(t *testing.T) {
	t.Setenv("REMORA_ADDRESS", "")
	t.Setenv("REMORA_TOKEN", "")
	plain, err := newSettings(nil)
	if err != nil || plain.address != DefaultAddress || plain.token != nil || plain.timeout != 300*time.Second {
		t.Errorf("%v, %v", plain, err)
	}
	t.Setenv("REMORA_ADDRESS", "[::1]:1")
	t.Setenv("REMORA_TOKEN", "of the environment")
	told, err := newSettings([]Option{WithAddress(""), WithToken("")})
	if err != nil || told.address != "[::1]:1" || told.token() != "of the environment" {
		t.Errorf("%v, %v", told, err)
	}
	given, err := newSettings([]Option{WithAddress("a:1"), WithToken("given")})
	if err != nil || given.address != "a:1" || given.token() != "given" {
		t.Errorf("%v, %v", given, err)
	}
}

func TestSettingsThatCannotBeAreRefusedAtOnce(t *testing.T) {
	for name, option := range map[string]Option{
		"the timeout":           WithTimeout(0),
		"the connect timeout":   WithConnectTimeout(-1),
		"transport credentials": WithTransportCredentials(nil),
		"the token has":         WithToken("s3cret\n"),
	} {
		_, err := New(option)
		if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNoWayOfPrintingShowsTheToken(t *testing.T) {
	client := Must(New(WithToken("s3cret")))
	defer client.Close()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{client, *client, client.settings, *client.settings, struct{ C *Client }{client}} {
			printed := fmt.Sprintf(verb, value)
			if strings.Contains(printed, "s3cret") || strings.Contains(printed, fmt.Sprintf("%x", "s3cret")) {
				t.Errorf("%s of %T: %s", verb, value, printed)
			}
		}
	}
}
