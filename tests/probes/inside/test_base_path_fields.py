"""The application of a sub-folder, asked with the fields that tell it its folder."""

import asyncio
import shlex
from dataclasses import replace
from typing import Any

from diagnose.machine import CommandResult
from diagnose.model import Observation
from diagnose.model.pages import PageFileTrial
from diagnose.model.requests import PrefixTrial
from diagnose.probes.inside import base_path_fields as probes
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

ROOT = "https://shop.example.com"
SITE = apache_config(
    HTTPS.replace("ProxyPass / http://127.0.0.1:3000/", "ProxyPass /app/ http://127.0.0.1:3000/")
)
TRIAL = PageFileTrial(
    page=f"{ROOT}/app/", file=f"{ROOT}/app.js", url=f"{ROOT}/app/app.js", prefix="/app",
    address="203.0.113.10", port=443, is_absolute=True, status=200, is_used=True,
)  # fmt: skip


class Application(RecordedMachine):
    """Names its script below the folder that a field tells."""

    def __init__(self, name: str) -> None:
        super().__init__({})
        self.name = name

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.commands_run.append(shlex.join(argv))
        folder = next(
            (word.partition(": ")[2] for word in argv if word.startswith(f"{self.name}: ")), ""
        )
        body = f'<script src="{folder}/app.js"></script>'
        return CommandResult(argv, 0, body, "< HTTP/1.1 200 OK\r\n", 0.0)


def tried(name: str, *before: Observation, trial: PageFileTrial = TRIAL) -> list[tuple[str, bool]]:
    looking = Looking(Application(name))
    looking.observations += before
    probe: Any = probes.prefix_fields_of_route
    asyncio.run(probe.work(looking, trial, SITE))
    return [(each.field, each.names_prefix) for each in looking.observed(PrefixTrial)]


def test_each_field_is_tried_until_one_makes_the_difference() -> None:
    assert tried("X-Script-Name", APACHE, SITE) == [
        ("", False), ("X-Forwarded-Prefix", False), ("X-Script-Name", True),
    ]  # fmt: skip


def test_a_page_whose_base_is_the_root_is_asked_too() -> None:
    trial = replace(TRIAL, page=f"{ROOT}/app/login", is_absolute=False)
    assert tried("X-Forwarded-Prefix", APACHE, SITE, trial=trial)[-1] == (
        "X-Forwarded-Prefix",
        True,
    )


def test_nothing_is_asked_without_the_port_or_a_file_below_the_folder() -> None:
    assert not tried("X-Script-Name", SITE)
    assert not tried("X-Script-Name", APACHE, SITE, trial=replace(TRIAL, is_used=False))
    assert not tried(
        "X-Script-Name", APACHE, SITE, trial=replace(TRIAL, page=f"{ROOT}/app", is_absolute=False)
    )
