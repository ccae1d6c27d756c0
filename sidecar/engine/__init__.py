"""The engine: one call's attempts, their clocks, and the one owner of mutable health."""
