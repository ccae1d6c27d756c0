"""The demo's stories against aimock, a provider simulator of others; needs Node, which `make test` sees to."""
