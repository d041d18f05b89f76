"""The Debian package: built, installed by dpkg on a server that systemd boots, run, and removed."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.hosts import until
from tests.lab.lab import missing
from tests.lab.machines import Machine
from tests.packaging.tools import built, need
from tests.support.command_line import ROOT
from tests.support.effort import ALL

pytestmark = pytest.mark.skipif(not ALL, reason="it takes minutes (DIAGNOSE_ALL)")

FILE = "/root/diagnose-https.deb"
_ALL_PATHS = "find /etc /usr /var /root /run -xdev"
METRICS = "/var/lib/prometheus/node-exporter/diagnose-localhost.prom"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need("dpkg-deb")
    return built("deb", tmp_path_factory.mktemp("deb"))


@pytest.fixture(scope="module")
def machine(package: Path) -> Iterator[Machine]:
    if lacking := missing():
        pytest.skip(f"The laboratory needs {', '.join(lacking)}.")
    host = Machine("deb")
    try:
        yield host.ready()
    finally:
        host.close()


@pytest.fixture(scope="module")
def server(machine: Machine, package: Path) -> Iterator[Machine]:
    """With the package. When it is removed, nothing is left of it."""
    before = set(machine.sh(_ALL_PATHS).splitlines())
    machine.write(FILE, package.read_bytes())
    machine.run(["dpkg", "-i", FILE], check=True, timeout=120)
    listed = set(machine.sh("dpkg -L diagnose-https").splitlines()) - before
    assert "/usr/bin/diagnose" in listed
    yield machine
    machine.systemctl("enable", "--now", "diagnose-watch@left.example.timer")
    machine.run(["dpkg", "--purge", "diagnose-https"], check=True, timeout=120)
    assert machine.systemctl("list-units", "--all", "diagnose*", "--no-legend") == ""
    machine.sh(f"rm -rf {FILE} {Path(METRICS).parent}")
    left = set(machine.sh(_ALL_PATHS).splitlines()) - before
    assert left & listed == set()
    assert [path for path in left if "diagnose" in path and "/cache/man/" not in path] == []


def test_lintian_has_nothing_against_it(package: Path) -> None:
    need("lintian")
    argv = ["lintian", "--allow-root", "--fail-on", "error,warning", str(package)]
    result = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "")


def test_it_names_no_path_of_the_machine_that_built_it(package: Path, tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "-x", package, tmp_path], check=True)
    argv = ["grep", "-rlF", str(ROOT), str(tmp_path)]
    assert subprocess.run(argv, capture_output=True, text=True, check=False).stdout == ""


def test_it_runs_as_any_user(server: Machine) -> None:
    for user in ("root", "nobody"):
        argv = ["setpriv", "--reuid", user, "--clear-groups", "/usr/bin/diagnose"]
        assert server.run([*argv, "--version"]).stdout.startswith("diagnose ")
        result = server.run([*argv, "explain", "tcp.refused"])
        assert (result.returncode, result.stderr) == (0, "")


def test_it_shows_the_demonstration(server: Machine) -> None:
    result = server.run(["diagnose", "demo", "--format", "text"], timeout=60)
    assert (result.returncode, "websocket.not-upgraded" in result.stdout) == (0, True), (
        result.stderr
    )


def test_it_names_a_port_that_nothing_listens_on(server: Machine) -> None:
    result = server.run(["diagnose", "--json", "https://127.0.0.1:4430/"], timeout=60)
    assert result.returncode == 2
    assert "listener." in json.dumps(json.loads(result.stdout)["findings"])


def test_variables_of_the_user_change_nothing(server: Machine) -> None:
    server.write("/root/evil/textual.py", "raise SystemExit(99)")
    server.write("/root/evil/msgspec.py", "raise SystemExit(99)")
    environment = {"PYTHONPATH": "/root/evil", "PYTHONSTARTUP": "/root/evil/msgspec.py"}
    result = server.run(["diagnose", "list"], env=environment)
    assert (result.returncode, result.stderr) == (0, "")


def test_it_brings_manual_pages_and_completions(server: Machine) -> None:
    assert server.sh("man -w diagnose diagnose-fix").count("/usr/share/man/man1/") == 2
    complete = ". /usr/share/bash-completion/completions/diagnose; complete -p diagnose"
    assert server.run(["bash", "-c", complete]).stdout.startswith("complete ")
    need("fish", "zsh")
    assert "replay" in server.run(["fish", "-c", 'complete -C "diagnose re"']).stdout
    loads = "autoload -U compinit; compinit -u -d /root/.zd; print $_comps[diagnose]"
    assert "_diagnose" in server.run(["zsh", "-fc", loads]).stdout.splitlines()[-1]


def test_nothing_is_enabled(server: Machine) -> None:
    listing = server.systemctl("list-unit-files", "diagnose-watch@*", "--no-legend")
    assert {line.split()[1] for line in listing.splitlines()} <= {"static", "disabled"}
    assert server.systemctl("list-units", "--all", "diagnose*", "--no-legend") == ""


def test_systemd_has_nothing_against_the_units(server: Machine) -> None:
    units = ["diagnose-watch@localhost.service", "diagnose-watch@localhost.timer"]
    result = server.run(["systemd-analyze", "verify", *units])
    assert (result.returncode, result.stderr) == (0, "")


def test_the_timer_writes_metrics(server: Machine) -> None:
    server.run(["mkdir", "-p", str(Path(METRICS).parent)], check=True)
    server.systemctl("enable", "--now", "diagnose-watch@localhost.timer")
    until(server.path(METRICS).exists, "metrics are written", timeout=60)
    text = server.read(METRICS)
    server.systemctl("disable", "--now", "diagnose-watch@localhost.timer")
    assert 'target="https://localhost/"' in text
    assert "tcp.refused" in text
    assert server.path(METRICS).stat().st_mode & 0o777 == 0o644


def test_the_service_has_no_rights(server: Machine) -> None:
    result = server.run(["systemd-analyze", "security", "--threshold=20", "--no-pager",
                       "diagnose-watch@localhost.service"])  # fmt: skip
    assert result.returncode == 0, result.stdout[-300:]
