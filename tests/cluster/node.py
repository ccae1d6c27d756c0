"""One container of a stored pod as a local process: what a kubelet does of it, without a container.

Taken as they are stored: the arguments, the variables, what is mounted where, the probes, the grace period. Three things are
put in the place of what only a container has, and nothing else:

- a path below a mount becomes the path of that volume's folder, in arguments and in what ConfigMaps say;
- an address of a port in `ports`, on 0.0.0.0, becomes that local port on 127.0.0.1 (the injector's 8443 may be taken);
- the API server's address is told as it is, not as the cluster address of `kubernetes`.

The image's entry point, `remora`, is the one of this environment; `program` may stand in for it, and its paths change too.
"""

from __future__ import annotations

import http.client
import re
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.cluster.api import Document
from tests.cluster.child import Child
from tests.cluster.cluster import Cluster
from tests.cluster.volume import Folder, contents

REMORA = (Path(sys.executable).with_name("remora"),)


class Running:
    """Use `mount` and `start`, or `start` alone; `end` in any case."""

    def __init__(
        self,
        cluster: Cluster,
        pod: Document,
        name: str,
        *,
        ports: Mapping[int, int] | None = None,
        program: Sequence[str | Path] = REMORA,
    ) -> None:
        spec = pod["spec"]
        self.pod = pod
        self.container = next(
            one for one in (*spec.get("initContainers", []), *spec["containers"]) if one["name"] == name
        )
        self.ports = dict(ports or {})
        self._cluster = cluster
        self._volumes = {one["name"]: one for one in spec.get("volumes", [])}
        self._folder = cluster.control_plane.folder / "pods" / f"{pod['metadata']['uid'][:8]}-{name}"
        self._mounts = {
            one["mountPath"]: (one["name"], Folder(self._folder / "volumes" / one["name"]))
            for one in self.container.get("volumeMounts", [])
        }
        self.variables = variables(self.container.get("env", []), pod["metadata"])
        """Its own, with what they refer to."""
        self.child = Child(self._command(program), self._folder / "said.log", self._environment())

    def local(self, text: str) -> str:
        """The text, with paths of the container as they are here."""
        for path, (_, folder) in self._mounts.items():
            text = re.sub(rf"(?<![\w.-]){re.escape(path)}(?![\w.-])", str(folder.path), text)
        return text

    def mount(self) -> bool:
        """Fills every volume with what is stored now; whether anything changed. Raises MountError."""
        is_changed = False
        for name, folder in self._mounts.values():
            if "emptyDir" not in self._volumes[name]:
                is_changed |= folder.put(self._files(self._volumes[name]))
        return is_changed

    def start(self) -> None:
        """Mounts, and begins the process. Raises MountError."""
        self.mount()
        self.child.start()

    def ask(self, probe: str) -> int:
        """What the container answers to one of its probes, asked where the probe says; 0 where nobody answers."""
        action = self.container[probe]["httpGet"]
        named = {port.get("name"): port["containerPort"] for port in self.container["ports"]}
        number = named.get(action["port"], action["port"])
        limit_s = self.container[probe]["timeoutSeconds"]
        connection = http.client.HTTPConnection("127.0.0.1", self.ports.get(number, number), timeout=limit_s)
        try:
            connection.request("GET", action["path"])
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    def until_started(self) -> int:
        """Asks the startup probe as often, and as long, as it says; how often. AssertionError: it would be restarted."""
        probe = self.container["startupProbe"]
        for number in range(1, probe["failureThreshold"] + 1):
            assert self.child.exit_code is None, self.child.said()
            if self.ask("startupProbe") == 200:
                return number
            time.sleep(probe["periodSeconds"])
        raise AssertionError(f"not started by its startup probe: {self.child.said()}")

    def terminate(self) -> None:
        """SIGTERM, as the pod is deleted."""
        self.child.send(signal.SIGTERM)

    def ended(self) -> int:
        """The exit code, within the pod's grace period; AssertionError: it would be killed."""
        return self.child.wait(self.pod["spec"]["terminationGracePeriodSeconds"])

    def end(self) -> None:
        """Whatever state it is in."""
        self.child.stop()

    def _command(self, program: Sequence[str | Path]) -> list[str]:
        assert "command" not in self.container, "the image's entry point is what is run"
        words = [*map(str, program), *self.container["args"]]
        return [self._local_address(self.local(word)) for word in words]

    def _environment(self) -> dict[str, str]:
        server = {
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": str(self._cluster.control_plane.port),
        }
        return self.variables | server

    def _files(self, volume: Document) -> dict[str, bytes]:
        files = contents(volume, self.pod, self._cluster)
        if "configMap" not in volume:
            return files
        return {name: self.local(data.decode()).encode() for name, data in files.items()}

    def _local_address(self, word: str) -> str:
        host, _, port = word.rpartition(":")
        if host == "0.0.0.0" and port.isdecimal() and int(port) in self.ports:
            return f"127.0.0.1:{self.ports[int(port)]}"
        return word


def variables(env: Sequence[Document], metadata: Document) -> dict[str, str]:
    """As a kubelet makes them: fields of the pod's metadata, and $(NAME) of a variable that stands before."""
    found: dict[str, str] = {}
    for one in env:
        if "value" in one:
            found[one["name"]] = re.sub(r"\$\((\w+)\)", lambda name: found.get(name[1], name[0]), one["value"])
        else:
            found[one["name"]] = metadata[one["valueFrom"]["fieldRef"]["fieldPath"].removeprefix("metadata.")]
    return found
