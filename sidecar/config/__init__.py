"""Configuration: from YAML or the environment to the frozen `Settings` that everything is built from."""
