import asyncio
import json

from diagnose.model import Host, Vantage
from diagnose.model.fixes import UndoneFix
from diagnose.probes.inside import undone_fixes as probes
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

FOLDER = "/var/lib/diagnose/20261124T182003Z-tcp.refused-undone"
PLAN = {"event": "plan", "check": "tcp.refused", "target": "https://a/", "at": "then", "steps": []}
FILES = {f"{FOLDER}/unreported": "", f"{FOLDER}/journal": json.dumps(PLAN) + "\n"}


def look(host: Host, files: dict[str, str] = FILES) -> tuple[UndoneFix, ...]:
    looking = Looking(RecordedMachine({}, files))

    async def work() -> None:
        await probes.undone_fixes.work(looking, host)

    asyncio.run(work())
    return looking.observed(UndoneFix)


def server(privileged: bool = True) -> Host:
    return Host(vantage=Vantage.SERVER, hostname="shop", privileged=privileged)


def test_a_fix_that_nobody_was_told_of() -> None:
    (fix,) = look(server())
    assert (fix.check, fix.target, fix.begun_at) == ("tcp.refused", "https://a/", "then")
    assert (fix.folder, fix.equivalent) == (FOLDER, f"cat {FOLDER}/journal")


def test_not_without_the_mark_or_a_plan() -> None:
    assert not look(server(), {f"{FOLDER}/journal": FILES[f"{FOLDER}/journal"]})
    assert not look(server(), {f"{FOLDER}/unreported": ""})


def test_it_is_looked_for_as_root_and_on_the_server_alone() -> None:
    assert not look(server(privileged=False))
    assert not look(Host(vantage=Vantage.HERE, hostname="laptop", privileged=True))
