import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

from diagnose.model.processes import ProgramCertificate
from diagnose.model.server import Listener, Listeners
from diagnose.model.tls import Handshake
from diagnose.probes.inside import program_tls as probes
from diagnose.probes.inside import stored_certificates
from diagnose.probes.inside.program_tls import program_tls
from tests.lab import certificates
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.renewed_certificate import SERVED

NODE = Listener(address="0.0.0.0", port=443, family=4, pid=20, process="node")
LISTENING = Listeners(sockets=(NODE,))
NAMES = """\
process node
folder /srv/shop
unit shop.service
line 4 /srv/shop/server.js:cert: read('tls/cert.pem'), key: read('tls/key.pem'),
"""


def found(*seen: Handshake | Listeners, process: str = "node") -> list[ProgramCertificate]:
    import asyncio

    good = certificates.leaf("shop.example.com")
    public = subprocess.run(
        ["openssl", "pkey", "-pubout"],
        input=good.key_pem,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    stored = (
        f"file /srv/shop/tls/cert.pem\n{good.pem}\n"
        f"file /srv/shop/tls/key.pem\n\nkey /srv/shop/tls/key.pem\n{public}"
    )
    machine = RecordedMachine(
        {
            shlex.join(("sh", "-c", probes.SCRIPT, "sh", "443")): NAMES,
            shlex.join(("sh", "-c", stored_certificates.SCRIPT, "sh", "/srv/shop/tls")): stored,
            "readlink -f -- /srv/shop/tls/cert.pem": "/srv/shop/tls/cert.pem\n",
        },
        {"/srv/shop/tls/cert.pem": good.pem, "/srv/shop/tls/key.pem": "x"},
    )
    looking = Looking(machine)
    holders = Listeners(sockets=(replace(NODE, process=process),))
    looking.observations += (*seen, holders)

    async def work() -> None:
        for handshake in looking.observed(Handshake):
            await program_tls.work(looking, handshake, holders)

    asyncio.run(work())
    return list(looking.observed(ProgramCertificate))


def test_the_file_its_key_and_the_line() -> None:
    (file,) = found(SERVED)
    assert (file.path, file.key) == ("/srv/shop/tls/cert.pem", "/srv/shop/tls/key.pem")
    assert [line.place for line in file.lines] == ["/srv/shop/server.js:4"]
    assert file.unit == "shop.service"


def test_once_and_not_for_web_servers_or_good_certificates() -> None:
    assert len(found(SERVED, replace(SERVED, address="2001:db8::10"))) == 1
    assert not found(SERVED, process="nginx")
    assert not found(replace(SERVED, chain=(), failure=None))
    assert not found(replace(SERVED, port=8443))


def test_the_script_tells_lines_with_paths_alone(tmp_path: Path) -> None:
    source = "const tls = {\n  cert: read('tls/cert.pem'),\n  other: 'hunter2',\n};"
    (tmp_path / "server.js").write_text(source)
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
    lines = done.stdout.splitlines()
    assert f"line 2 {tmp_path}/server.js:  cert: read('tls/cert.pem')," in lines
    assert f"unended 4 {tmp_path}/server.js" in lines
    assert "word /opt/k/a.crt" in lines
    assert "hunter2" not in done.stdout
