"""The demonstration with a real nginx: sites on high ports of loopback, and their life."""

import contextlib
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from diagnose import engine
from diagnose.cli.demo import keeper
from diagnose.cli.demo.certificates import Authority
from diagnose.cli.demo.faults import Fault
from diagnose.cli.demo.machine import DemoMachine
from diagnose.cli.demo.nginx_files import HOST, SiteFiles
from diagnose.machine.environment import environment, trusted_path
from diagnose.model import Fix, Manual, Report, Step, Target
from diagnose.model.events import Concluded, Event, Sink
from diagnose.net.local import LocalNet
from diagnose.probes import Options

#: Seconds for the keeper to start everything, and to remove it.
_MAX_START_S, _MAX_STOP_S = 10.0, 10.0
#: Seconds after the start when files change that nginx does not load: times of processes are exact
#: to some hundredths.
_LATER_S = 0.25
#: What is left out: it is about the machine, and not about the demonstration.
_OTHER_LAYERS = ("host", "cloud", "firewall")


@dataclass(frozen=True, slots=True)
class NginxSite:
    """A running site."""

    files: SiteFiles
    machine: DemoMachine

    @property
    def target(self) -> Target:
        """Its path is the name of the fault, so that lists of targets say it."""
        path, port = f"/{self.files.fault.name}", self.files.port
        url = f"https://{HOST}:{port}{path}"
        return Target(url, "https", HOST, port, path, self.files.fault.websockets, url)

    @property
    def options(self) -> Options:
        return Options(inside=True, cafile=str(self.files.roots), skip=_OTHER_LAYERS)

    async def run(self, sink: Sink, only: tuple[str, ...] = ()) -> Report:
        """Diagnose it as it is now."""
        options = replace(self.options, only=only)

        def receive(event: Event) -> None:
            sink(Concluded(as_its_user(event.report)) if isinstance(event, Concluded) else event)

        report = await engine.run(self.target, options, _DemoNet(), receive, self.machine)
        return as_its_user(report)


def as_its_user(report: Report) -> Report:
    """Return the report without "as root": the files and the nginx are those of who runs this."""
    if os.geteuid() == 0:
        return report
    findings = tuple(
        replace(finding, claim=replace(finding.claim, fix=_without_root(finding.claim.fix)))
        if finding.claim.fix
        else finding
        for finding in report.findings
    )
    return replace(report, findings=findings)


def _without_root(fix: Fix) -> Fix:
    return replace(fix, steps=tuple(map(_step_without_root, fix.steps)))


def _step_without_root(step: Step) -> Step:
    if isinstance(step, Manual):
        return replace(
            step, commands=tuple(replace(command, root=False) for command in step.commands)
        )
    return replace(step, root=False)


class _DemoNet(LocalNet):
    def is_mine(self, address: str) -> bool:
        """Return False: the kernel is not asked what becomes of packets to this machine."""
        return False


def find_nginx() -> str | None:
    """Return the path of the nginx that can be started here."""
    return shutil.which("nginx", path=trusted_path(os.environ.get("PATH") or os.defpath))


@contextlib.contextmanager
def nginx_sites(faults: Sequence[Fault]) -> Iterator[tuple[NginxSite, ...]]:
    """Run a site for each fault until the block ends. Yield () if nginx cannot be started here."""
    nginx = find_nginx()
    if nginx is None:
        yield ()
        return
    folder = Path(tempfile.mkdtemp(prefix="diagnose-demo-")).resolve()
    try:
        sites = _prepare(folder, faults)
        authority = Authority()
        for site in sites:
            site.write_loaded(authority)
        with _running(folder, sites, nginx) as is_ready:
            time.sleep(_LATER_S)
            for site in sites if is_ready else ():
                site.write_later(authority)
            yield tuple(NginxSite(site, DemoMachine(site)) for site in sites if is_ready)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(folder: Path, faults: Sequence[Fault]) -> tuple[SiteFiles, ...]:
    folder.chmod(0o711)
    application_port, *ports = _free_ports(1 + 2 * len(faults))
    pairs = zip(ports[::2], ports[1::2], strict=True)
    return tuple(
        SiteFiles(fault, folder / fault.name, port, plain_port, application_port)
        for fault, (port, plain_port) in zip(faults, pairs, strict=True)
    )


def _free_ports(count: int) -> list[int]:
    """Return ports of loopback that are free now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for bound_socket in sockets:
            bound_socket.bind((HOST, 0))
        return [bound_socket.getsockname()[1] for bound_socket in sockets]


@contextlib.contextmanager
def _running(folder: Path, sites: Sequence[SiteFiles], nginx: str) -> Iterator[bool]:
    """Run the keeper until the block ends. Yield whether all servers have started."""
    commands = [[nginx, *site.nginx_arguments()] for site in sites]
    arguments = (str(folder), str(sites[0].application_port), json.dumps(commands))
    process = subprocess.Popen(
        [sys.executable, "-P", keeper.__file__, *arguments],
        env={**environment(), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # Ctrl-C at the terminal is not for it.
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        try:
            ready, _, _ = select.select([process.stdout], [], [], _MAX_START_S)
            yield bool(ready) and process.stdout.readline() == b"ready\n"
        finally:
            process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_MAX_STOP_S)
