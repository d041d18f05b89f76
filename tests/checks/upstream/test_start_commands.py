"""The command that starts an application which is down."""

import pytest

from checks.upstream._start_commands import project_fix, start_facts
from diagnose.model import Command, Vantage
from diagnose.model.containers import ComposeService, Container, Containers
from diagnose.model.program_logs import StartFile
from tests.support.check_evidence import evidence

SHOP = StartFile(port=3000, starter="project", path="/srv/my shop", owner="web", script="start")


@pytest.mark.parametrize(
    ("file", "command"),
    [
        (SHOP, "sudo -iu web npm --prefix '/srv/my shop' start"),
        (
            StartFile(
                port=3000, starter="project", path="/srv/a", owner="root", script="start:prod",
                has_pm2=True,
            ),
            "pm2 start npm --name a --cwd /srv/a -- run start:prod",
        ),
        (StartFile(port=3000, starter="saved", path="/home/b/.pm2/dump.pm2", owner="b"),
         "sudo -iu b pm2 resurrect"),
        (StartFile(port=3000, starter="ecosystem", path="/srv/pm2.config.js", owner="root"),
         "pm2 start /srv/pm2.config.js"),
        (StartFile(port=3000, starter="supervisor", path="shop;id", owner="-"),
         "supervisorctl start 'shop;id'"),
        (StartFile(port=3000, starter="compose", path="/srv/compose.yml", owner="b"),
         "docker compose -f /srv/compose.yml up -d"),
    ],
)  # fmt: skip
def test_each_kind_has_its_command(file: StartFile, command: str) -> None:
    assert start_facts(evidence(file), 3000)["start"] == command


def test_another_port_has_none() -> None:
    assert start_facts(evidence(SHOP), 3001)["start"] == ""
    assert start_facts(evidence(), 3000)["start"] == ""


COMPOSE = StartFile(port=3000, starter="compose", path="/srv/compose.yml", owner="root")


def test_the_only_compose_file_is_started() -> None:
    fix = project_fix(evidence(COMPOSE), 3000)
    assert fix
    assert [step.argv for step in fix.steps if isinstance(step, Command)] == [
        ("docker", "compose", "-f", "/srv/compose.yml", "up", "-d")
    ]


def test_what_was_made_before_tells_more() -> None:
    app = Container(
        engine="docker", id="a", name="app", state="exited",
        compose=ComposeService("srv", "app", "/srv", ("/srv/compose.yml",)),
    )  # fmt: skip
    known = Containers(vantage=Vantage.SERVER, engines=("docker",), containers=(app,))
    assert project_fix(evidence(COMPOSE, known), 3000) is None
    assert project_fix(evidence(SHOP), 3000) is None
