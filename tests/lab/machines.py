"""A host that boots systemd as its first process, and the services that systemd keeps there."""

import contextlib
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .hosts import Gone, Host, environment, until

HERE = Path(__file__).parent
SHARED = (str(HERE.parent.parent),)

#: Seconds. It takes four on two cores, more beside other work.
BOOT = 60.0


class Machine(Host):
    """Processes that the laboratory starts on it by nsenter are in no unit of systemd's."""

    def __init__(self, name: str) -> None:
        self.name, self.pid, self.group = name, 0, ""
        self._defaults()
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", str(HERE / "machine.sh"),
             name, *SHARED],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(), cwd="/",
        )  # fmt: skip

    def ready(self) -> "Machine":
        assert self._holder.stdout
        words = self._holder.stdout.readline().split()
        if len(words) != 2:
            raise Gone(f"{self.name}: its namespaces could not be made")
        self.pid, self.group = 0, words[1].decode()
        children = Path(f"/proc/{int(words[0])}/task/{int(words[0])}/children")

        def forked() -> bool:
            with contextlib.suppress(OSError):
                self.pid = int((children.read_text().split() or ["0"])[0])
            return bool(self.pid)

        until(forked, f"{self.name}: its first process is there")
        until(self._is_up, f"{self.name}: systemd is up", timeout=BOOT)
        return self

    def cut_power(self) -> None:
        """End all at once, and boot anew with the files that are left. Its cables are gone."""
        assert self._holder.stdin
        self._holder.stdin.write(b"boot\n")
        self._holder.stdin.flush()
        self.ready()

    def _is_up(self) -> bool:
        if self._holder.poll() is not None:
            raise Gone(f"{self.name}: it ended while it booted")
        comm = Path(f"/proc/{self.pid}/comm")
        if not comm.exists() or comm.read_text() != "systemd\n":
            return False
        state = self.run(["systemctl", "is-system-running"]).stdout.strip()
        return state in {"running", "degraded"}

    def systemctl(self, *words: str, check: bool = True) -> str:
        return self.run(["systemctl", "--no-ask-password", *words], check=check).stdout

    def own_processes(self) -> set[int]:
        """Those that systemd keeps, in whatever unit, and systemd itself."""
        found = set()
        for pid in self.processes():
            with contextlib.suppress(OSError):
                groups = self.path(f"/proc/{pid}/cgroup").read_text()
                if f"/{self.group}/" in groups or f"/{self.group}\n" in groups:
                    found.add(pid)
        return found


class Unit:
    """A service of systemd's, used as `services.Service` is."""

    def __init__(self, host: Machine, name: str) -> None:
        self.host, self.name = host, name

    def alive(self) -> bool:
        return self.host.systemctl("is-active", self.name, check=False).strip() == "active"

    def start(self) -> "Unit":
        self.host.systemctl("reset-failed", self.name, check=False)
        self.host.systemctl("start", self.name)
        return self

    def wait(self) -> None:
        """`systemctl start` has waited."""

    def stop(self) -> None:
        """As if it had died: it takes nothing back of what it has done."""
        self.host.systemctl("kill", "-s", "KILL", self.name, check=False)
        self.host.systemctl("stop", self.name, check=False)
        self.host.systemctl("reset-failed", self.name, check=False)

    def ended(self) -> None:
        """Its host has gone, and it with it."""

    def restart(self) -> None:
        self.stop()
        self.start()

    def restore(self, argv: Sequence[str]) -> None:
        if not self.alive():
            self.start()

    @property
    def pid(self) -> int:
        said = self.host.systemctl("show", "-p", "MainPID", "--value", self.name).strip()
        return int(said or 0)
