"""The file that may start the program of a port on which nothing listens."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from diagnose.machine import CommandResult
from diagnose.model.program_logs import StartFile
from diagnose.probes.inside.start_commands import SCRIPT, emit_start_file, parse_start_files
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

PACKAGE = '{"scripts": {"build": "tsc", "start": "node app.js"}}'


def found(text: str, **files: str) -> list[tuple[str, str, str, str, bool]]:
    class Machine(RecordedMachine):
        async def run(self, *argv: str, **_: object) -> CommandResult:
            return CommandResult(argv, 0, text, "", 0.0)

    documents = {f"/srv/{name}/package.json": text for name, text in files.items()}
    ctx = Looking(Machine({}, documents))
    asyncio.run(emit_start_file(ctx, 3000))
    return [
        (each.starter, each.path, each.owner, each.script, each.has_pm2)
        for each in ctx.observed(StartFile)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("project web /srv/shop\nhas pm2\n", ("project", "/srv/shop", "web", "start", True)),
        ("project web /srv/shop\nother web /srv/b\n",
         ("project", "/srv/shop", "web", "start", False)),
        ("other root /srv/shop\n", ("other", "/srv/shop", "root", "start", False)),
        ("ecosystem web /srv/shop/pm2.config.js\nproject web /srv/shop\n",
         ("ecosystem", "/srv/shop/pm2.config.js", "web", "", False)),
        ("compose root /srv/shop/compose.yml\nhas docker\n",
         ("compose", "/srv/shop/compose.yml", "root", "", False)),
        ("supervisor - shop\nproject web /srv/shop\n", ("supervisor", "shop", "-", "", False)),
    ],
)  # fmt: skip
def test_the_one_of_its_kind_is_told(text: str, expected: tuple[object, ...]) -> None:
    assert found(text, shop=PACKAGE) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "project web /srv/shop\nproject web /srv/blog\n",
        "compose root /srv/shop/compose.yml\n",
        "other web /srv/shop\nother web /srv/blog\n",
        "project web /srv/empty\n",
    ],
)
def test_nothing_is_told_of_several_or_of_none(text: str) -> None:
    assert found(text, shop=PACKAGE, blog=PACKAGE, empty='{"scripts": []}') == []


def test_a_part_of_a_project_is_no_second_one() -> None:
    text = "project web /srv/shop\nproject web /srv/shop/client\n"
    assert [each[1] for each in found(text, shop=PACKAGE)] == ["/srv/shop"]


def test_a_broken_file_starts_nothing() -> None:
    assert found("project web /srv/shop\n", shop="[" * 100000) == []


def test_lines_that_are_no_paths_are_left_out() -> None:
    assert parse_start_files("project web\nproject\nelse - x\nproject - /a\x1bb\n") == (
        (), frozenset(),
    )  # fmt: skip


def test_the_owner_of_the_list_is_told() -> None:
    text = (
        "saved b /home/b/.pm2/dump.pm2\nhas pm2\nnpm /usr/bin/npm\nhome a /home/a\n"
        "home b /home/b\nuid b 1001\npm2 b /usr/bin/pm2\nboots b\nlingers a\n"
    )

    class Machine(RecordedMachine):
        async def run(self, *argv: str, **_: object) -> CommandResult:
            return CommandResult(argv, 0, text, "", 0.0)

    ctx = Looking(Machine({}, {}))
    asyncio.run(emit_start_file(ctx, 3000))
    (file,) = ctx.observed(StartFile)
    assert (file.home, file.user_id, file.tool) == ("/home/b", 1001, "/usr/bin/pm2")
    assert (file.boots, file.is_up, file.lingers) == (True, False, False)


def test_a_name_with_the_end_of_a_line_is_no_second_line(tmp_path: Path) -> None:
    """Who may make folders does not choose what an administrator starts."""
    guard = SCRIPT[SCRIPT.index("is_line()") : SCRIPT.index("owner()")]
    for name, status in (("shop", 0), ("a\nproject root ", 1)):
        words = ("sh", "-c", f'{guard}\nis_line "$1"', "sh", str(tmp_path / name))
        assert subprocess.run(words, check=False).returncode == status
