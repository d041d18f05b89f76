"""An Icinga of its own on loopback, which runs the services of a configuration at once.

Icinga runs the commands, reads their status, output and performance data, and says what it
understood: by its API the states, by its writer for Graphite the numbers.
"""

import contextlib
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

#: Debian installs it where users do not look.
PROGRAM = shutil.which("icinga2") or shutil.which("icinga2", path="/usr/sbin")

needs_icinga = pytest.mark.skipif(
    PROGRAM is None, reason="*** icinga2 is not here: apt-get install icinga2-bin ***"
)

NODE, PASSWORD = "monitor.example", "icinga"

#: How often, with half a second between, we ask whether all services have been run.
PATIENCE = 600


@dataclass
class Graphite:
    """What Icinga's writer sends: HOST.SERVICE.perfdata.LABEL.value, or another field in the place
    of `value`."""

    values: dict[str, float] = field(default_factory=dict)

    def read(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection, connection.makefile("r") as lines:
                for line in lines:
                    path, value, _ = line.split()
                    self.values[path] = float(value)


@dataclass
class Icinga:
    client: httpx.Client
    graphite: Graphite
    log: Path
    process: "subprocess.Popen[bytes]"

    def results(self) -> dict[str, dict[str, Any]]:
        """Run all services now. Return each by HOST!SERVICE when all have a result."""
        for _ in range(PATIENCE):
            assert self.process.poll() is None, self.log.read_text()
            with contextlib.suppress(httpx.TransportError):
                found = self.client.get("/v1/objects/services?joins=host.display_name").json()
                services = found["results"]
                if all(service["attrs"]["last_check_result"] for service in services):
                    return {
                        f"{each['joins']['host']['display_name']}!{each['attrs']['name']}":
                        each["attrs"] for each in services
                    }  # fmt: skip
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.5)
        raise AssertionError(self.log.read_text())


def _configuration(folder: Path, api: int, graphite: int, objects: str) -> str:
    return f"""
const NodeName = "{NODE}"
object Endpoint NodeName {{}}
object Zone "main" {{ endpoints = [ NodeName ] }}
object CheckerComponent "checker" {{}}
object ApiListener "api" {{ bind_host = "127.0.0.1"; bind_port = {api} }}
object ApiUser "root" {{ password = "{PASSWORD}"; permissions = [ "*" ] }}
object GraphiteWriter "graphite" {{
  host = "127.0.0.1"
  port = {graphite}
  enable_send_thresholds = true
  service_name_template = "$host.display_name$.$service.name$"
}}
const MaxConcurrentChecks = 2
{objects}
"""


def _write_certificates(folder: Path) -> None:
    folder.mkdir(parents=True)
    authority = trustme.CA()
    leaf = authority.issue_cert(NODE, "127.0.0.1", common_name=NODE)
    authority.cert_pem.write_to_path(folder / "ca.crt")
    leaf.private_key_pem.write_to_path(folder / f"{NODE}.key")
    leaf.cert_chain_pems[0].write_to_path(folder / f"{NODE}.crt")


def _words(folder: Path, file: Path) -> list[str]:
    assert PROGRAM is not None
    own = {"DataDir": "data", "LogDir": "log", "CacheDir": "cache", "SpoolDir": "spool",
           "InitRunDir": "run", "ConfigDir": "config"}  # fmt: skip
    for name in own.values():
        (folder / name).mkdir(exist_ok=True)
    user, group = Path("/proc/self").owner(), Path("/proc/self").group()
    values = {name: f"{folder}/{place}" for name, place in own.items()}
    values |= {"PidPath": f"{folder}/pid", "RunAsUser": user, "RunAsGroup": group,
               "StatePath": f"{folder}/state", "ModAttrPath": f"{folder}/modified",
               "ObjectsPath": f"{folder}/objects", "VarsPath": f"{folder}/vars"}  # fmt: skip
    return [PROGRAM, "daemon", "-c", str(file),
            *(f"-DConfiguration.{name}={value}" for name, value in values.items())]  # fmt: skip


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def icinga(folder: Path, objects: str, environment: dict[str, str]) -> Iterator[Icinga]:
    """Start Icinga with these objects; `environment` is that of the commands."""
    _write_certificates(folder / "data" / "certs")
    port, graphite, log = _free_port(), Graphite(), folder / "icinga.log"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=graphite.read, args=(listener,), daemon=True)
        thread.start()
        file = folder / "icinga2.conf"
        file.write_text(_configuration(folder, port, listener.getsockname()[1], objects))
        with (
            log.open("wb") as output,
            subprocess.Popen(_words(folder, file), stdout=output, stderr=output,
                             env=environment) as process,
            httpx.Client(base_url=f"https://127.0.0.1:{port}", auth=("root", PASSWORD),
                         verify=False) as client,
        ):  # fmt: skip
            try:
                yield Icinga(client, graphite, log, process)
            finally:
                process.terminate()
                process.wait(60)
                thread.join(10)
