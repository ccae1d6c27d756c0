"""Broken answers resumed by a real small model: `make resume-local`, which writes docs/resume-local.md."""
