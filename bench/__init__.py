"""The benchmark: Remora's cost per call as ratios to a fixed floor, both measured in one run."""
