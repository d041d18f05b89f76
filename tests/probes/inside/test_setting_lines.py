"""The settings of the application are looked at where an answer names a wrong address."""

import asyncio
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

from diagnose.machine import CommandResult
from diagnose.model import Observation
from diagnose.model.applications import SettingLine
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.server import Listener, Listeners
from diagnose.model.symptom import Symptom
from diagnose.probes.inside import setting_lines as probes
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

PROGRAM = Listener(address="0.0.0.0", port=443, family=4, pid=9, process="node")
OUTPUT = 'unit shop.service\nfile /srv/shop/config.json\n 2 2:"url": "http://localhost:4567"\n'
BACK = "redirect_uri=http%3A%2F%2Flocalhost%3A4567%2Fcb"
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=302)
LOGIN = replace(PAGE, headers=(("Location", f"https://login.example.net/?{BACK}"),))
NAME = "file /srv/shop/.env\n 1 1:FRONTEND_HOST=shop.example.com\n"
REFUSED = Upgrade(
    url="wss://shop.example.com/ws", address="203.0.113.10", port=443, path="/ws", status=403
)  # fmt: skip


def look(
    *seen: Observation, address: str = "//localhost:4567", output: str = OUTPUT,
    process: str = "node", symptom: Symptom | None = None,
) -> list[SettingLine]:  # fmt: skip
    bare = (f"={address[2:]}",) if address.startswith("//") else ()
    words = shlex.join(
        ("sh", "-c", probes.SCRIPT, "sh", "443", "https://shop.example.com", address, *bare)
    )
    looking: Any = Looking(RecordedMachine({words: CommandResult((), 0, output, "", 0.0)}, {}))
    looking.target = replace(looking.target, symptom=symptom)
    listeners = looking.emit(Listeners(sockets=(replace(PROGRAM, process=process),)))
    probe: Any = probes.after_answer
    for each in seen:
        looking.emit(each)
    for each in looking.observed(Exchange):
        asyncio.run(probe.work(looking, each, listeners))
    return list(looking.observed(SettingLine))


def test_an_address_of_the_server_itself() -> None:
    (line,) = look(LOGIN)
    assert (line.place, line.unit) == ("/srv/shop/config.json:2", "shop.service")
    assert line.equivalent == "grep -nF -e //localhost:4567 /srv/shop/config.json"
    assert look(PAGE, symptom=Symptom("other", "calls http://localhost:4567/api"))


def test_the_name_of_an_origin_that_is_refused() -> None:
    (line,) = look(PAGE, REFUSED, address="shop.example.com", output=NAME)
    assert line.text == "FRONTEND_HOST=shop.example.com"
    asked = replace(PAGE, status=200, equivalent="curl -H 'Origin: https://shop.example.com'")
    cors = Symptom("cors", "blocked by CORS policy")
    assert look(asked, address="shop.example.com", output=NAME, symptom=cors)


def test_nothing_is_looked_at_where_all_is_well() -> None:
    assert not look(PAGE)
    assert not look(replace(PAGE, headers=(("Location", "https://www.shop.example.com/"),)))
    assert not look(PAGE, replace(REFUSED, status=101, accepted=True))
    assert not look(LOGIN, process="nginx")


def test_the_script_prints_the_line_and_nothing_else(tmp_path: Path) -> None:
    """The functions of the script, without a program that listens."""
    text = probes.SCRIPT[probes.SCRIPT.index("search() {") : probes.SCRIPT.index("for p in $(")]
    (tmp_path / "config.json").write_text('{\n "url": "http://localhost:4567",\n "key": "s3"\n}\n')
    (tmp_path / ".env").write_text("URL=http://localhost:4567\nURL=https://shop.example.com\n")
    (tmp_path / "big.json").write_text("http://localhost:4567\n" * 4000)
    (tmp_path / "notes.txt").write_text("http://localhost:4567\n")
    run = f"{text}\nsmall {shlex.quote(str(tmp_path))} | sort | files //localhost:4567"
    out = subprocess.run(["sh", "-c", run], capture_output=True, text=True, check=False).stdout
    assert out.splitlines() == [
        f"file {tmp_path}/.env", " 1 2:URL=http://localhost:4567",
        f"file {tmp_path}/config.json", ' 2 2: "url": "http://localhost:4567",',
    ]  # fmt: skip
