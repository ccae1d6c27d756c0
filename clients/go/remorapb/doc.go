// Package remorapb holds the messages and stubs of the contract remora.v1, generated from its protos.
//
// Package remora gives the messages that callers meet under shorter names; the values of their enums are here.
package remorapb
