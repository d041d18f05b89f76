"""The server of a demonstration: this machine, of which only the demonstration is shown."""

from diagnose.cli.demo.nginx_files import SiteFiles
from diagnose.fixing.journal import STATE_FOLDER
from diagnose.machine import LIMIT, CommandResult, FileContent, Socket
from diagnose.machine.local import LocalMachine
from diagnose.machine.script_files import read_script
from diagnose.model import Failure
from diagnose.probes import inside
from diagnose.probes.inside.nginx_processes import LIST_COMMAND

#: What is not run: it tells of the machine, takes long, and the demonstration does not need it.
_OTHER_PROGRAMS = frozenset({"firewall-cmd", "nft", "fail2ban-client", "systemctl"})
_OTHER_SCRIPTS = frozenset(
    read_script(inside.__file__, name)
    for name in ("netfilter.sh", "bans.sh", "kernel.sh", "kernel_after_failure.sh",
                 "firewalld_runtime.sh", "containers.sh", "failed_services.sh")
)  # fmt: skip


class DemoMachine(LocalMachine):
    """The local machine with one nginx: others and their ports are left out, and so is the packet
    filter. A fix keeps its journal in the demonstration's folder, which every user may write."""

    def __init__(self, site: SiteFiles) -> None:
        self._site, self._state_folder = site, str(site.folder / "state")

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        if argv[0] in _OTHER_PROGRAMS or _OTHER_SCRIPTS & set(argv[2:3]):
            return CommandResult(argv, None, "", "", 0.0, Failure("missing", "not shown here"))
        result = await super().run(*map(self._mapped, argv), timeout=timeout)
        if argv != LIST_COMMAND:
            return result
        listing = own_processes(result.out, str(self._site.folder))
        return CommandResult(argv, result.status, listing, result.err, result.took, result.failure)

    async def read(self, path: str, limit: int = LIMIT) -> FileContent:
        return await super().read(self._mapped(path), limit)

    async def glob(self, pattern: str) -> tuple[str, ...]:
        return await super().glob(self._mapped(pattern))

    async def read_all(self, pattern: str, limit: int = LIMIT) -> tuple[FileContent, ...]:
        return await super().read_all(self._mapped(pattern), limit)

    async def listeners(self) -> tuple[Socket, ...] | Failure:
        sockets = await super().listeners()
        if isinstance(sockets, Failure):
            return sockets
        site = self._site
        ports = {site.port, site.plain_port, site.application_port}
        return tuple(socket for socket in sockets if socket.port in ports)

    def _mapped(self, text: str) -> str:
        return text.replace(STATE_FOLDER, self._state_folder)


def own_processes(listing: str, folder: str) -> str:
    """Return the output of `LIST_COMMAND` without the nginx whose command line does not name the
    folder, and without their workers."""
    lines = listing.splitlines(keepends=True)
    starts = [number for number, line in enumerate(lines) if line.startswith("process ")]
    end = next(
        (number for number, line in enumerate(lines) if starts and number > starts[-1]
         and line.startswith("build ")),
        len(lines),
    )  # fmt: skip
    blocks = [lines[a:b] for a, b in zip(starts, [*starts[1:], end], strict=False)]
    masters = {_pid(block[0]) for block in blocks if folder in "".join(block[1:2])} - {""}
    own = [block for block in blocks if masters & {_pid(block[0]), _parent(block[0])}]
    before = lines[: starts[0]] if starts else lines
    return "".join([*before, *(line for block in own for line in block), *lines[end:]])


def _pid(line: str) -> str:
    """Return the PID in "process " and proc_pid_stat(5); "" if the process has ended meanwhile."""
    return line.removeprefix("process ").partition(" ")[0].strip()


def _parent(line: str) -> str:
    """Return the PID of the parent in "process " and proc_pid_stat(5); "" if there is none."""
    words = line.rpartition(")")[2].split()
    return words[1] if len(words) > 1 else ""
