"""The Kubernetes injector."""
