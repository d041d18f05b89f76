"""One host of the laboratory: a process that holds its own namespaces.

The holder is `cat` on a pipe from this process. When this process ends, however it ends, the
pipe closes, `cat` ends, and the kernel kills all that runs in its PID namespace. `cat` ignores
SIGCHLD, so that orphans leave no zombies behind.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
#: What a host needs of this machine, if it lies in one of the homes.
NEEDED = (
    str(REPOSITORY),
    sys.prefix,
    sys.base_prefix,
    str(Path(sys.executable).resolve().parents[1]),
)
# What makes tools trust other roots than the lab's, or behave otherwise than on a real host.
FOREIGN = ("SSL_CERT", "CURL_CA", "REQUESTS_CA", "PIP_", "PYTHON", "GIT_", "AWS_", "NIX_", "TMUX")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

PRIVATE = """
set -e
mount --make-rprivate /
mount -t tmpfs lab /mnt
for name in etc usr var srv; do
  mkdir -p /mnt/$name/upper /mnt/$name/work
  mount -t overlay lab -o lowerdir=/$name,upperdir=/mnt/$name/upper,workdir=/mnt/$name/work /$name
done
# Homes of its own, and empty: what lies in this machine's is neither seen nor touched.
for name in root home opt; do
  mkdir -p /mnt/outside/$name
  mount --rbind /$name /mnt/outside/$name
  mount -t tmpfs -o mode=$(stat -c %a /$name) lab /$name
done
host=$1
shift
for folder in "$@"; do
  case $folder in
    /root/*|/home/*|/opt/*) mkdir -p "$folder"; mount --rbind "/mnt/outside$folder" "$folder" ;;
  esac
done
umount -l /mnt/outside/*
mount -t tmpfs -o mode=755 run /run
mount -t sysfs sysfs /sys
hostname "$host"
echo ready
exec env --ignore-signal=CHLD cat
"""


class Gone(Exception):
    """A process of the laboratory ended, or did not come up."""


def until(true: Callable[[], bool], what: str, timeout: float = 30.0) -> None:
    """Wait until it is true. The time is for a busy machine: only a failure takes it."""
    deadline = time.monotonic() + timeout
    while not true():
        if time.monotonic() > deadline:
            raise Gone(f"{what}: not after {timeout} s")
        time.sleep(0.005)


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return kept | {"PATH": PATH, "LANG": "C.UTF-8"} | dict(extra or {})


class Host:
    def __init__(self, name: str) -> None:
        self.name = name
        self._holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child",
             "--mount-proc", "sh", "-c", PRIVATE, "sh", name, *NEEDED],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(), cwd="/",
        )  # fmt: skip
        self.pid = 0
        self._defaults()

    def _defaults(self) -> None:
        #: Says a path, a command or a file's text in the words of this host's platform.
        self.here: Callable[[str], str] = str
        #: More of its folders that belong to its state.
        self.kept: tuple[str, ...] = ()

    def ready(self) -> "Host":
        assert self._holder.stdout
        if self._holder.stdout.readline() != b"ready\n":
            raise Gone(f"{self.name}: its namespaces could not be made")
        children = Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children")
        self.pid = int(children.read_text().split()[0])
        return self

    def close(self) -> None:
        self._holder.communicate()

    # Run things

    def entering(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs `argv` inside; it dies with the nsenter that started it."""
        return ["nsenter", "-t", str(self.pid), "-a", "setpriv", "--pdeathsig", "KILL", *argv]

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float = 30,
        env: Mapping[str, str] | None = None,
        input: str | None = None,
        check: bool = False,
        exact: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """`exact`: as it stands, not in the platform's words."""
        words = argv if exact else [self.here(word) for word in argv]
        done = subprocess.run(
            self.entering(words), capture_output=True, text=True, errors="replace", check=False,
            timeout=timeout, env=environment(env), input=input or "", cwd="/",
        )  # fmt: skip
        if check and done.returncode:
            raise Gone(
                f"{self.name}: {argv} ended with {done.returncode}\n{done.stdout}{done.stderr}"
            )
        return done

    def sh(self, script: str, *, timeout: float = 30, check: bool = True) -> str:
        return self.run(["sh", "-c", script], timeout=timeout, check=check).stdout

    def spawn(self, argv: Sequence[str], **more: Any) -> subprocess.Popen[bytes]:
        argv = [self.here(word) for word in argv]
        quiet: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        process: subprocess.Popen[bytes] = subprocess.Popen(
            self.entering(argv), env=environment(), cwd="/", start_new_session=True, **quiet | more
        )
        return process

    def python(self, *argv: str) -> list[str]:
        return [sys.executable, *argv]

    def application(self, module: str, *argv: str) -> list[str]:
        """A stand-in of `tests.lab.applications`, which may import from the repository."""
        name = f"tests.lab.applications.{module}"
        return ["env", f"PYTHONPATH={REPOSITORY}", *self.python("-m", name, *argv)]

    # Its files, its processes, its listeners: read without starting anything

    def path(self, path: str) -> Path:
        return self.exact(self.here(path))

    def exact(self, path: str) -> Path:
        """As it stands, not in the platform's words."""
        return Path(f"/proc/{self.pid}/root/{path.lstrip('/')}")

    def read(self, path: str) -> str:
        return self.path(path).read_text(errors="surrogateescape")

    def write(self, path: str, text: str | bytes, mode: int = 0o644) -> None:
        to = self.path(path)
        to.parent.mkdir(parents=True, exist_ok=True)
        data = text if isinstance(text, bytes) else self.here(text).encode(errors="surrogateescape")
        if to.is_symlink() and to.readlink().is_absolute():
            # It would be followed on this machine: that of a masked unit leads to its /dev/null.
            to.unlink()
        to.write_bytes(data)
        to.chmod(mode)

    def processes(self) -> dict[int, str]:
        found = {}
        for entry in self.path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    stat = (entry / "stat").read_text()
                except OSError:
                    continue
                if stat[stat.rindex(")") + 2] not in "ZX":
                    found[int(entry.name)] = stat[stat.index("(") + 1 : stat.rindex(")")]
        return found

    def pids(self, name: str) -> list[int]:
        return [pid for pid, comm in sorted(self.processes().items()) if comm == name]

    def kill(self, pids: Iterable[int], signal: str = "KILL") -> None:
        """By a number of its own PID namespace: nothing outside can be hit."""
        numbers = [str(pid) for pid in pids]
        if numbers:
            self.run(["sh", "-c", f"kill -{signal} {' '.join(numbers)}"])

    def listeners(self) -> set[str]:
        """Like `tcp 0100007F:0BB8`: family, address and port as the kernel prints them."""
        found = set()
        for family in ("tcp", "tcp6"):
            for line in Path(f"/proc/{self.pid}/net/{family}").read_text().splitlines()[1:]:
                _, local, _, state, *_ = line.split()
                if state == "0A":
                    found.add(f"{family} {local}")
        return found

    def icmp_errors(self) -> int:
        """How many "destination unreachable" it has sent."""
        net = Path(f"/proc/{self.pid}/net")
        names, values = [
            line.split() for line in (net / "snmp").read_text().splitlines() if line[:5] == "Icmp:"
        ]
        v4 = dict(zip(names, values, strict=True))["OutDestUnreachs"]
        v6 = dict(line.split() for line in (net / "snmp6").read_text().splitlines())
        return int(v4) + int(v6["Icmp6OutDestUnreachs"])

    def listening(self, port: int) -> bool:
        return any(local.endswith(f":{port:04X}") for local in self.listeners())

    def __repr__(self) -> str:
        return f"<{self.name}, pid {self.pid}>"
