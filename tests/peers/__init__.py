"""Judges from outside: a provider simulator nobody here wrote, and the providers' official packages."""
