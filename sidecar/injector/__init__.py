"""The Kubernetes injector: a mutating webhook that puts the sidecar into pods which ask for it.

Nothing here knows the rest of the sidecar; the container is a template that the chart renders.
"""
