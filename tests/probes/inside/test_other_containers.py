"""The container that has a file which nginx's container lacks."""

import asyncio
import shlex

from diagnose.model import Vantage
from diagnose.model.containers import NginxContainer
from diagnose.probes.inside import other_containers as probes
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

OWN = NginxContainer(vantage=Vantage.SERVER, pid=7, engine="docker", digest="a" * 64)
PATH = "/app/static/app.css"


def test_the_container_and_its_mount() -> None:
    command = shlex.join(("sh", "-c", probes.SCRIPT, "sh", PATH, OWN.digest))
    text = f"holder {'b' * 64}\n/srv/shop\t/app\t\n"
    looking = Looking(RecordedMachine({command: text}))
    holder = asyncio.run(probes.emit_holder(looking, PATH, OWN))
    assert holder is not None
    assert (holder.source, holder.point) == ("/srv/shop", "/app")
    assert holder.equivalent == f"docker exec {'b' * 12} ls -l {PATH}"


def test_nobody_has_it() -> None:
    looking = Looking(RecordedMachine({}))
    assert asyncio.run(probes.emit_holder(looking, PATH, OWN)) is None
