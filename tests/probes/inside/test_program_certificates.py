import asyncio
import shlex
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from diagnose.model import Observation
from diagnose.model.server import Listener, Listeners
from diagnose.model.tls import Handshake
from diagnose.probes.inside import program_certificates as probes
from tests.checks.certificate.test_renewed_elsewhere import NEW
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.renewed_certificate import OLD, SERVED

NODE = Listener(address="0.0.0.0", port=443, family=4, pid=20, process="node")
LISTENING = Listeners(sockets=(NODE,))


def looks(monkeypatch: pytest.MonkeyPatch, *observations: Observation) -> int:
    """How often certificates are looked for, after all of this."""
    asked: list[Any] = []

    async def emit(ctx: Any, current: Any, named_in: Any) -> None:
        assert list(named_in) == ["/etc/shop/tls"]
        asked.append(current)

    monkeypatch.setattr(probes, "emit_replacements", emit)
    looking = Looking(
        RecordedMachine({shlex.join(("sh", "-c", probes.SCRIPT, "sh", "443")): "/etc/shop/tls\n"})
    )
    looking.observations += observations

    async def work() -> None:
        for handshake in looking.observed(Handshake):
            await probes.renewed.work(looking, handshake, looking.observed(Listeners)[0])

    asyncio.run(work())
    return len(asked)


def test_it_looks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looks(monkeypatch, LISTENING, SERVED) == 1
    assert looks(monkeypatch, LISTENING, SERVED, replace(SERVED, address="2001:db8::10")) == 1


def test_it_does_not_look_for_web_servers_or_good_certificates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("nginx", "caddy", "docker-proxy", None):
        other = Listeners(sockets=(replace(NODE, process=name),))
        assert looks(monkeypatch, other, SERVED) == 0
    far = replace(NEW, not_after=OLD.not_after and OLD.not_after + timedelta(days=3650))
    assert looks(monkeypatch, LISTENING, replace(SERVED, chain=(far,), failure=None)) == 0


def test_the_script_names_the_folders_alone(tmp_path: Path) -> None:
    """Paths of certificates come from settings that lie beside the program, and no other word."""
    (tmp_path / "config.yml").write_text(
        "tls:\n  cert: /etc/shop/tls/full.pem\n  secret: hunter2\n"
    )
    (tmp_path / "app.bin").write_text("/etc/never/a.pem\n")
    folder = tmp_path / "bin"
    folder.mkdir()
    ss = folder / "ss"
    running = subprocess.Popen(["sleep", "60"], cwd=tmp_path, env={"K": "/opt/k/a.crt"})
    try:
        ss.write_text(f"#!/bin/sh\necho 'users:((\"sleep\",pid={running.pid},fd=3))'\n")
        ss.chmod(0o755)
        done = subprocess.run(
            ["sh", "-c", probes.SCRIPT, "sh", "443"],
            env={"PATH": f"{folder}:/usr/bin:/bin"}, capture_output=True, text=True, check=True,
        )  # fmt: skip
    finally:
        running.kill()
        running.wait()
    assert done.stdout.split() == ["/etc/shop/tls", "/opt/k"]
