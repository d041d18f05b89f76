"""The command that starts an application which is down."""

import shlex
from dataclasses import replace

import pytest

from checks.upstream._start_commands import project_fix, start_facts, start_fix
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


PM2 = StartFile(
    port=3000, starter="saved", path="/home/b/.pm2/dump.pm2", owner="b", has_pm2=True,
    home="/home/b", tool="/usr/bin/pm2",
)  # fmt: skip
UNIT = StartFile(
    port=3000, starter="user", path="/home/b/.config/systemd/user/shop.service", owner="b",
    user_id=1001,
)  # fmt: skip


def shells(file: StartFile) -> list[str]:
    fix = start_fix(evidence(file), 3000)
    return [shlex.join(step.argv) for step in fix.steps if isinstance(step, Command)] if fix else []


def test_the_list_of_pm2_is_started_now_and_with_the_server() -> None:
    resurrect = (
        "runuser -u b -- env HOME=/home/b PM2_HOME=/home/b/.pm2 PATH=/usr/local/bin:/usr/bin:/bin"
        " /usr/bin/pm2 resurrect"
    )
    boot = "env PATH=/usr/local/bin:/usr/bin:/bin /usr/bin/pm2 startup systemd -u b --hp /home/b"
    assert shells(PM2) == [boot, resurrect]
    assert shells(replace(PM2, boots=True)) == ["systemctl enable pm2-b", resurrect]
    # Root runs no program of a home.
    write, _, enable, own = shells(replace(PM2, tool="/home/b/.nvm/v20/bin/pm2"))
    assert "ExecStart=/home/b/.nvm/v20/bin/pm2 resurrect" in write
    assert enable == "systemctl enable pm2-b"
    assert own.startswith("runuser -u b -- ")
    # Its pm2 runs: why it does not start the program is in its log.
    assert shells(replace(PM2, is_up=True)) == []


def test_a_unit_of_a_user_gets_to_run_without_a_session() -> None:
    enable = (
        "runuser -u b -- env XDG_RUNTIME_DIR=/run/user/1001 systemctl --user enable --now"
        " shop.service"
    )
    manager = "systemctl start user@1001.service"
    assert shells(UNIT) == ["loginctl enable-linger b", manager, enable]
    assert shells(replace(UNIT, lingers=True)) == [manager, enable]
    assert shells(replace(UNIT, is_up=True)) == []
    assert start_facts(evidence(UNIT), 3000)["session_unit"] == "shop.service"


def test_a_project_that_nothing_keeps_gets_a_unit() -> None:
    project = StartFile(
        port=3000, starter="project", path="/srv/shop", owner="web", script="start",
        tool="/usr/bin/npm",
    )  # fmt: skip
    write, reload, enable = shells(project)
    assert "/etc/systemd/system/shop-npm.service" in write
    assert "ExecStart=/usr/bin/npm run start" in write
    assert (reload, enable) == ("systemctl daemon-reload", "systemctl enable --now shop-npm")
    # Nothing is run as root that belongs to a site, and no unit reads these words.
    assert shells(replace(project, owner="root")) == []
    assert shells(replace(project, path="/srv/my shop")) == []


def test_supervisor_is_started_where_it_does_not_run() -> None:
    program = StartFile(port=3000, starter="supervisor", path="shop", owner="-", is_up=True)
    assert shells(program) == ["supervisorctl start shop"]
    stopped = replace(program, is_up=False, tool="supervisor")
    assert shells(stopped) == ["systemctl enable --now supervisor"]
    assert start_facts(evidence(stopped), 3000)["supervisor_stopped"]


def test_a_service_that_nobody_started() -> None:
    unit = StartFile(port=3000, starter="unit", path="/etc/systemd/system/ghost.service", owner="-")
    assert shells(unit) == ["systemctl enable --now ghost"]
    assert start_facts(evidence(unit), 3000)["unit_stopped"] == "ghost"
