"""The only place that does upstream I/O, and the only one that holds secrets."""
