"""The chart, installed by the real helm into the API server, and its own pods as local processes."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import yaml

from tests.cluster.api import Document
from tests.cluster.child import free_port
from tests.cluster.cluster import Cluster
from tests.cluster.control_plane import TOOLS
from tests.cluster.network import Endpoint
from tests.cluster.node import Running
from tests.kubernetes.rendering import CHART

HELM_LIMIT_S = 120.0
RENEWAL_LIMIT_S = 60.0
SERVING_LIMIT_S = 60.0
NAME = "remora"
# `remora`, but that the account of the pod is in a folder: its path is no argument.
RENEWAL = """
import dataclasses, pathlib, sys
from sidecar import cli
from sidecar.injector import renewal
account = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount")
found = renewal.in_cluster
renewal.in_cluster = lambda environment: dataclasses.replace(
    found(environment), token=account / "token", authority=account / "ca.crt")
sys.exit(cli.main(sys.argv[1:]))
"""


class Release:
    """One release in a namespace of its own."""

    def __init__(self, cluster: Cluster, namespace: str, name: str = NAME, *, prefix: str = NAME) -> None:
        """`prefix`: of its objects' names."""
        self.cluster = cluster
        self.namespace = namespace
        self._name = name
        self._prefix = prefix
        self._kubeconfig = cluster.control_plane.kubeconfig()

    def helm(self, verb: str, *arguments: str | Path, text: str = "") -> str:
        """What helm says; AssertionError with it where it fails. `text`: its standard input."""
        home = self.cluster.control_plane.folder / "helm"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HELM_", "KUBE"))}
        own = {f"HELM_{kind}_HOME": str(home / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")}
        line = [TOOLS / "helm", verb, self._name, *arguments]
        line += ["--namespace", self.namespace, "--kubeconfig", self._kubeconfig]
        done = subprocess.run(
            [*map(str, line)],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            env=kept | own | {"KUBECACHEDIR": str(home / "kube")},
            timeout=HELM_LIMIT_S,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def apply(self, verb: str, values: Document | None = None, *options: str) -> str:
        """`helm install` or `helm upgrade` of the chart, with values as in a file."""
        return self.helm(verb, CHART, "--values", "-", *options, text=yaml.safe_dump(values or {}))

    def secret(self) -> Document:
        """Where the webhook's certificate is kept."""
        return self._get(f"/api/v1/namespaces/{self.namespace}/secrets/{self._prefix}-certificate")

    def configuration(self) -> Document:
        """Whom the API server asks about pods."""
        return self._get(
            f"/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/zz-{self._prefix}-injector"
        )

    def deployment(self) -> Document:
        """The injector's."""
        return self._get(f"/apis/apps/v1/namespaces/{self.namespace}/deployments/{self._prefix}-injector")

    def jobs(self) -> list[Document]:
        """The renewals that ran with an installation or an upgrade."""
        found: list[Document] = self._get(f"/apis/batch/v1/namespaces/{self.namespace}/jobs")["items"]
        return found

    def bundles(self) -> list[bytes]:
        """The authority that each webhook trusts; empty for none."""
        clients = [webhook["clientConfig"] for webhook in self.configuration()["webhooks"]]
        return [base64.b64decode(client.get("caBundle", "")) for client in clients]

    def renew(self) -> tuple[int, str]:
        """Runs a pod of the newest renewal Job to its end, with that pod's account; exit code and log."""
        job = max(self.jobs(), key=lambda one: one["metadata"]["creationTimestamp"])
        pod = self.cluster.pod_of(job, "Job").document
        running = Running(self.cluster, pod, "renewal", program=(sys.executable, "-c", RENEWAL))
        try:
            running.start()
            return running.child.wait(RENEWAL_LIMIT_S), running.child.said()
        finally:
            running.end()

    def injector(self) -> Running:
        """A pod of the injector's Deployment, not started."""
        pod = self.cluster.pod_of(self.deployment(), "ReplicaSet").document
        return Running(self.cluster, pod, "injector", ports={8443: free_port(), 8080: free_port()})

    def serve(self, running: Running) -> None:
        """Starts it, waits until it is ready, and lets the Service reach it alone."""
        running.start()
        running.child.until(lambda: running.ask("readinessProbe") == 200, SERVING_LIMIT_S, "ready")
        self.cluster.network.reach(Endpoint(running.pod, running.ports))

    def _get(self, path: str) -> Document:
        return self.cluster.admin.get(path)
