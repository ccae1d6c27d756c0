"""A real control plane without nodes: etcd and kube-apiserver as processes on loopback, with certificates of its own.

There is no kubelet, no controller and no scheduler. What these do, where a test needs it, the tests do themselves
(`cluster.py`, `node.py`), through the same API.
"""

from __future__ import annotations

import json
import shutil
import ssl
import tempfile
from pathlib import Path
from types import TracebackType

import trustme

from tests.cluster.api import Api
from tests.cluster.child import Child, free_port

TOOLS = Path(__file__).parents[2] / ".tools"
BINARIES = tuple(TOOLS / name for name in ("etcd", "kube-apiserver", "helm"))
"""Of scripts/cluster.sh and scripts/helm.sh."""
START_S = 180.0
SERVICES = "10.96.0.0/16"
ISSUER = "https://kubernetes.default.svc"


class ControlPlane:
    """Serves from the beginning of the `with` block to its end. Everything it writes is in a folder that goes away.

    `socket`: where it reaches Services through, as it would through a node's network (HTTP CONNECT; see network.py).
    """

    def __init__(self) -> None:
        # Not pytest's own folder: the path of a Unix socket has at most 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="remora-cluster-"))
        self.socket = self.folder / "network.sock"
        self.authority = trustme.CA()
        self.port = free_port()
        self._children: list[Child] = []

    def __enter__(self) -> ControlPlane:
        try:
            self._start()
        except BaseException:  # whatever it was, nothing may be left running
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    @property
    def authority_pem(self) -> str:
        """Whom callers trust."""
        return self.authority.cert_pem.bytes().decode()

    def admin(self) -> Api:
        """Who may do everything, by a client certificate."""
        context = self._context()
        context.load_cert_chain(self.folder / "admin.crt", self.folder / "admin.key")
        return Api(self.port, context)

    def account(self, token: str) -> Api:
        """Whoever the token says."""
        return Api(self.port, self._context(), token)

    def kubeconfig(self) -> Path:
        """Of the admin, for helm."""
        cluster = {"server": f"https://127.0.0.1:{self.port}", "certificate-authority": str(self.folder / "ca.crt")}
        user = {
            "client-certificate": str(self.folder / "admin.crt"),
            "client-key": str(self.folder / "admin.key"),
        }
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "admin", "user": user}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
            "current-context": "test",
        }
        path = self.folder / "kubeconfig"
        path.write_text(json.dumps(document))
        return path

    def _start(self) -> None:
        self._certify()
        etcd_port = free_port()
        etcd = Child(self._etcd(etcd_port), self.folder / "etcd.log")
        server = Child(self._server(etcd_port), self.folder / "kube-apiserver.log")
        self._children = [etcd, server]
        for child in self._children:
            child.start()
        admin = self.admin()
        server.until(lambda: _is_ready(admin), START_S, "ready")

    def _end(self) -> None:
        for child in reversed(self._children):
            child.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _certify(self) -> None:
        """One authority for all: what is tested is not whom the API server trusts."""
        self.authority.cert_pem.write_to_path(str(self.folder / "ca.crt"))
        for name, hosts, group in (
            ("server", ["127.0.0.1", "kubernetes.default.svc"], None),
            ("admin", ["admin.invalid"], "system:masters"),
            ("accounts", ["accounts.invalid"], None),
        ):
            issued = self.authority.issue_cert(*hosts, common_name=name, organization_name=group)
            issued.private_key_pem.write_to_path(str(self.folder / f"{name}.key"))
            issued.cert_chain_pems[0].write_to_path(str(self.folder / f"{name}.crt"))

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=self.authority_pem)

    def _etcd(self, port: int) -> list[str | Path]:
        """Only who has a certificate of the authority is served."""
        address = f"https://127.0.0.1:{port}"
        return [
            TOOLS / "etcd",
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={address}",
            f"--advertise-client-urls={address}",
            "--listen-peer-urls=http://127.0.0.1:0",
            "--client-cert-auth",
            f"--trusted-ca-file={self.folder / 'ca.crt'}",
            f"--cert-file={self.folder / 'server.crt'}",
            f"--key-file={self.folder / 'server.key'}",
            "--unsafe-no-fsync",  # it does not outlive the tests
            "--log-level=warn",
        ]

    def _server(self, etcd_port: int) -> list[str | Path]:
        """Admission is Kubernetes' own default, with everything that a cluster has, Pod Security too."""
        keys = self.folder / "accounts.key"
        return [
            TOOLS / "kube-apiserver",
            f"--etcd-servers=https://127.0.0.1:{etcd_port}",
            f"--etcd-cafile={self.folder / 'ca.crt'}",
            f"--etcd-certfile={self.folder / 'server.crt'}",
            f"--etcd-keyfile={self.folder / 'server.key'}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self.port}",
            # Never used: without nodes nobody asks for the endpoints of `kubernetes`. It keeps the server from looking
            # for a network card.
            "--advertise-address=192.0.2.1",
            "--endpoint-reconciler-type=none",
            f"--service-cluster-ip-range={SERVICES}",
            f"--cert-dir={self.folder}",
            f"--tls-cert-file={self.folder / 'server.crt'}",
            f"--tls-private-key-file={self.folder / 'server.key'}",
            f"--client-ca-file={self.folder / 'ca.crt'}",
            "--anonymous-auth=false",
            "--authorization-mode=RBAC",
            f"--service-account-issuer={ISSUER}",
            f"--service-account-key-file={keys}",
            f"--service-account-signing-key-file={keys}",
            "--enable-admission-plugins=MutatingAdmissionWebhook,ServiceAccount,PodSecurity",
            f"--egress-selector-config-file={self._egress()}",
        ]

    def _egress(self) -> Path:
        """Services are reached through the socket; etcd and all else directly."""
        transport = {"uds": {"udsName": str(self.socket)}}
        connection = {"proxyProtocol": "HTTPConnect", "transport": transport}
        document = {
            "apiVersion": "apiserver.k8s.io/v1beta1",
            "kind": "EgressSelectorConfiguration",
            "egressSelections": [{"name": "cluster", "connection": connection}],
        }
        path = self.folder / "egress.json"
        path.write_text(json.dumps(document))
        return path


def _is_ready(admin: Api) -> bool:
    try:
        return admin.status_of("GET", "/readyz") == 200
    except OSError:
        return False
