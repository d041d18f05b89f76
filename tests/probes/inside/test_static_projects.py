"""The project of Django whose static files the page lacks."""

import asyncio

import pytest

from diagnose.machine import CommandResult
from diagnose.model.site_folders import StaticProject
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.file_paths import served_file
from diagnose.parsers.nginx.locations import select_location
from diagnose.parsers.nginx.server_blocks import servers
from diagnose.probes.inside.static_projects import emit_static_project, parse_project
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

PRINTED = "manage sammy /home/sammy/shop/manage.py\npython /home/sammy/shop/venv/bin/python\n"
ALIAS = "location /static/ { alias /home/sammy/shop/collected/; }"


def looked(
    location: str = ALIAS, path: str = "/static/css/app.css", programs: tuple[str, ...] = ()
) -> tuple[list[StaticProject], list[tuple[str, ...]]]:
    commands: list[tuple[str, ...]] = []

    class Machine(RecordedMachine):
        async def run(self, *argv: str, **_: object) -> CommandResult:
            commands.append(argv[4:])
            return CommandResult(argv, 0, PRINTED, "", 0.0)

    text = f"http {{ server {{ server_name shop.example.com; {location} }} }}"
    (server,) = servers(parse(text, "/n.conf"))
    served = served_file(select_location(server, path), path, start="/etc/nginx")
    assert served is not None
    ctx = Looking(Machine({}, {}))
    for _ in range(2):
        asyncio.run(emit_static_project(ctx, f"https://shop.example.com{path}", served, programs))
    return list(ctx.observed(StaticProject)), commands


@pytest.mark.parametrize(
    "location", [ALIAS, ALIAS.replace("alias /home/sammy/shop/collected/", "root /home/sammy/shop")]
)
def test_the_folders_above_and_those_of_programs_are_looked_into_once(location: str) -> None:
    (project,), commands = looked(location, programs=("/srv/app",))
    assert commands == [("/srv/app", "/home/sammy/shop", "/home/sammy")]
    assert (project.owner, project.path) == ("sammy", "/home/sammy/shop/manage.py")
    assert project.folder.startswith("/home/sammy/shop/")
    assert project.python == "/home/sammy/shop/venv/bin/python"


@pytest.mark.parametrize("path", ["/app.css", "/media/a.png"])
def test_a_file_of_the_site_itself_or_of_its_users_is_none_of_a_project(path: str) -> None:
    assert looked("root /home/sammy/shop;", path) == ([], [])


def test_words_without_a_value_are_left_out() -> None:
    assert parse_project("manage\npython \nroot STATIC_ROOT = 'x'\n") == {
        "root": "STATIC_ROOT = 'x'"
    }
