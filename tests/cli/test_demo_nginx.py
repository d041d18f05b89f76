"""The demonstration with a real nginx, which is started in a temporary folder."""

import asyncio
import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from diagnose.cli import fix
from diagnose.cli.demo import FAULTS, find_fault
from diagnose.cli.demo.machine import own_processes
from diagnose.cli.demo.nginx_site import NginxSite, find_nginx, nginx_sites
from diagnose.model.events import Concluded, Event, null_sink
from diagnose.model.view import View
from diagnose.outputs import finding_text
from tests.support.command_line import ENVIRONMENT, ROOT, diagnose

needs_nginx = pytest.mark.skipif(find_nginx() is None, reason="there is no nginx here")


def causes(site: NginxSite) -> list[str]:
    report = asyncio.run(site.run(null_sink))
    assert not report.crashes
    return [finding.check.id for finding in report.causes]


@needs_nginx
def test_each_site_has_its_one_fault_and_nothing_is_left() -> None:
    expected = {
        "unreachable": ["nginx.reload-needed"],
        "websocket": ["websocket.upgrade-headers-missing"],
        "expired-certificate": ["certificate.expired"],
        "redirect-loop": ["http.redirect-loop"],
        "renewed-certificate": ["certificate.renewed-not-loaded"],
    }
    with nginx_sites(FAULTS) as sites:
        assert {site.files.fault.name: causes(site) for site in sites} == expected
        folder = sites[0].files.folder.parent
        pids = [int((site.files.folder / "nginx.pid").read_text()) for site in sites]
    assert not folder.exists()
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


@needs_nginx
@pytest.mark.parametrize(
    ("fault", "edits"),
    [("unreachable", False), ("websocket", True), ("redirect-loop", True),
     ("renewed-certificate", False)],
)  # fmt: skip
def test_a_fix_heals_it_and_an_undo_brings_the_file_back(fault: str, edits: bool) -> None:
    texts: list[str] = []
    dialog = fix.Dialog(View(), texts.append, None)
    with nginx_sites([find_fault(fault)]) as (site,):
        before = (site.files.folder / "site.conf").read_bytes()
        asyncio.run(fix.fix(site.machine, lambda: site.run(null_sink), dialog))
        assert causes(site) == []
        assert ((site.files.folder / "site.conf").read_bytes() != before) is edits
        asyncio.run(fix.undo(site.machine, dialog))
        assert (site.files.folder / "site.conf").read_bytes() == before
        if edits:  # the old workers may answer once more after the reload
            assert any(causes(site) for _ in range(5))
    assert any("It helped" in text for text in texts)


@needs_nginx
@pytest.mark.parametrize("user", [0, 1000])
def test_a_fix_needs_root_only_where_root_runs_it(
    user: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[Event] = []
    with nginx_sites(FAULTS) as sites:
        monkeypatch.setattr("os.geteuid", lambda: user)
        reports = [asyncio.run(site.run(events.append)) for site in sites]
    concluded = [event.report for event in events if isinstance(event, Concluded)]
    steps = [
        step
        for report in (*reports, *concluded)
        for finding in report.causes
        for step in finding_text.steps(finding)
    ]
    assert len(concluded) == len(FAULTS)
    assert any(map(finding_text.needs_root, steps)) is (user == 0)


@needs_nginx
def test_programs_get_the_report_alone(tmp_path: Path) -> None:
    ended = diagnose("demo", "websocket", "--json", TMPDIR=str(tmp_path))
    report = json.loads(ended.stdout)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert report["findings"][0]["location"]["file"].endswith("/websocket/site.conf")
    assert not list(tmp_path.iterdir())


@needs_nginx
def test_a_person_gets_an_introduction(tmp_path: Path) -> None:
    ended = diagnose("demo", "--lang", "en", TMPDIR=str(tmp_path))
    assert ended.stdout.startswith("A site on loopback")
    assert 'proxy_set_header Connection "upgrade";' in ended.stdout
    assert not list(tmp_path.iterdir())


_HOLD = """
import sys
from diagnose.cli.demo import FAULTS
from diagnose.cli.demo.nginx_site import nginx_sites
with nginx_sites(FAULTS[:2]) as sites:
    print(*((site.files.folder / "nginx.pid").read_text().strip() for site in sites), flush=True)
    sys.stdin.read()
"""


@needs_nginx
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_whatever_ends_the_program_nothing_is_left(number: int, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD],
        cwd=ROOT, env={**ENVIRONMENT, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        # nohup(1) ignores it, and so would all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        pids = [int(word) for word in process.stdout.readline().split()]
        assert len(pids) == 2
        keeper = int(Path(f"/proc/{pids[0]}/stat").read_text().rpartition(")")[2].split()[1])
        descriptors = [os.pidfd_open(pid) for pid in (*pids, keeper)]
        process.send_signal(number)
        process.wait(20)
    for descriptor in descriptors:
        ready, _, _ = select.select([descriptor], [], [], 20)
        os.close(descriptor)
        assert ready, "a process of the demonstration is left"
    assert not list(tmp_path.iterdir())


def test_another_nginx_is_left_out_with_its_workers() -> None:
    def process(pid: int, parent: int, title: str) -> str:
        return f"process {pid} (nginx) S {parent} 1 1\n{title}\n/usr/sbin/nginx\nmnt:[1]\nuser 0\n"

    own = process(20, 1, "nginx: master process nginx -c /tmp/demo/nginx.conf")
    worker = process(21, 20, "nginx: worker process")
    others = process(10, 1, "nginx: master process nginx") + process(
        11, 10, "nginx: worker process"
    )
    head, build = "1\n2\n3\nprogram /usr/sbin/nginx\n", "build /usr/sbin/nginx\nnginx/1.26\nbuilt\n"
    assert own_processes(head + others + own + worker + build, "/tmp/demo") == (
        head + own + worker + build
    )
    assert own_processes(head, "/tmp/demo") == head
    # A worker that ended while it was read, as after a reload.
    ended = "process \n\n\n\n"
    assert own_processes(head + ended + own + ended + build, "/tmp/demo") == head + own + build
