"""What a program lacks by its own words: asked of the server once, after such a line."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from diagnose.machine import CommandResult
from diagnose.model.processes import Starter
from diagnose.model.program_logs import FailedUnit, ProgramLine
from diagnose.model.services import ProgramNeed
from diagnose.probes.inside import own_settings, program_needs, running_needs, unit_corrections
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

PLACE = (
    "process 812 uwsgi\nfolder /srv/shop\nwords /usr/bin/uwsgi\037--ini\037/srv/shop/u.ini\037\n"
    "unit shop.service\n"
)
BUILT = (
    "=exec node \n=user deploy\n=manager pm2\n=pm2 /usr/bin/pm2\n=folder /home/deploy/shop\n"
    "=owner deploy\n=home /home/deploy\n=tool /usr/bin/npm\n=builds yes\n=modules yes\n"
)
TABLES = (
    "=manager running\n=folder /srv/shop\n=owner deploy\n=tool /srv/shop/venv/bin/python3\n"
    "=runs django\n"
)
LOG = "/home/deploy/.pm2/logs/shop-error.log"
UNIT = FailedUnit(
    unit="shop", state="", endpoint="3000", manager="pm2", is_local=True,
    message="Error: Could not find a production build in the '.next' directory",
    equivalent=f"tail -n 60 {LOG}",
)  # fmt: skip
LINE = ProgramLine(
    message="django.db.utils.OperationalError: no such table: auth_user", weight=3,
    endpoint="8000", process="shop (gunicorn)", equivalent="journalctl -u shop.service",
)  # fmt: skip


class Programs(RecordedMachine):
    """Answers where the program lives, what it lacks, and its journal."""

    def __init__(self, answer: str, journal: str = "") -> None:
        super().__init__({})
        self.answer, self.journal = answer, journal
        self.asked: list[tuple[str, ...]] = []

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        text = self.journal if argv[0] == "journalctl" else ""
        if argv[2] == unit_corrections.SCRIPT:
            self.asked.append(argv[4:])
            text = self.answer
        elif argv[2] == own_settings.SCRIPT:
            text = PLACE
        return CommandResult(argv, 0, text, "", 0.0)


async def after(looking: Looking, line: ProgramLine) -> None:
    await running_needs.need_of_line.work(looking, line)


def test_a_program_of_pm2_that_was_not_built() -> None:
    machine = Programs(BUILT)
    looking = Looking(machine)
    asyncio.run(program_needs.emit_need_of_unit(looking, UNIT))
    (need,) = looking.observed(ProgramNeed)
    assert machine.asked == [("shop", "build", "", "pm2", LOG)]
    assert need.build
    assert need.starter == Starter(
        "pm2", "", "", "shop", "/usr/bin/pm2", "/home/deploy/.pm2", "deploy"
    )


def test_a_running_program_without_its_tables() -> None:
    machine = Programs(TABLES)
    looking = Looking(machine)
    asyncio.run(after(looking, LINE))
    (need,) = looking.observed(ProgramNeed)
    assert (need.unit, need.lack, need.installer) == ("shop", "table", "django")
    assert machine.asked == [("812", "table", "", "running", "")]


def test_what_uwsgi_wrote_when_it_started() -> None:
    journal = "ModuleNotFoundError: No module named 'website'\nspawned uWSGI worker 1\n"
    text = "=manager running\n=project shop\n=setting /srv/shop/uwsgi.ini:2:module=website.wsgi\n"
    machine = Programs(text, journal)
    looking = Looking(machine)
    line = ProgramLine(
        message="--- no python application found, check your startup logs for errors ---",
        weight=2, endpoint="/run/shop.sock", process="shop (uwsgi)",
        equivalent="journalctl -u shop.service",
    )  # fmt: skip
    asyncio.run(after(looking, line))
    (need,) = looking.observed(ProgramNeed)
    assert (need.edited, need.number, need.new) == ("/srv/shop/uwsgi.ini", 2, "module=shop.wsgi")


@pytest.mark.parametrize("message", ["ValueError: 3", "the disk is full", ""])
def test_nothing_is_asked_after_other_words(message: str) -> None:
    machine = Programs(TABLES)
    line = ProgramLine(message=message, weight=3, endpoint="8000", equivalent="x")
    asyncio.run(after(Looking(machine), line))
    assert not machine.asked


def asked(folder: Path, *words: str) -> str:
    """Return what the script says of a program that runs in a folder."""
    with subprocess.Popen(["sleep", "20"], cwd=folder) as program:
        own = ("sh", "-c", unit_corrections.SCRIPT, "sh", str(program.pid), *words, "running", "")
        answer = subprocess.run(own, capture_output=True, text=True, timeout=20, check=False)
        program.terminate()
    return answer.stdout


@pytest.mark.parametrize(("line", "is_empty"), [("", True), ("base64:QUJD", False)])
def test_a_key_that_is_there_is_not_made_anew(tmp_path: Path, line: str, is_empty: bool) -> None:
    (tmp_path / "artisan").write_text("")
    (tmp_path / ".env").write_text(f"APP_ENV=production\nAPP_KEY={line}\n")
    assert ("=folder" in asked(tmp_path, "key", "")) is is_empty


@pytest.mark.parametrize(
    ("file", "text", "is_read"),
    [
        ("app.py", "import os\n", False),
        ("app.js", "open(process.env.DATABASE_URL)\n", False),
        ("shop/settings.py", "env = environ.Env()\nenviron.Env.read_env()\n", True),
        ("app/config.py", "from pydantic_settings import BaseSettings\n", True),
        ("Gemfile", "gem 'dotenv-rails'\n", True),
        ("package.json", '{"dependencies": {"@nestjs/config": "3"}}', True),
        ("package.json", '{"dependencies": {"next": "15"}}', True),
        ("composer.json", '{"require": {"vlucas/phpdotenv": "5"}}', True),
        ("go.mod", "require github.com/joho/godotenv v1.5.1\n", True),
    ],
)
def test_a_file_env_that_the_program_reads_itself(
    tmp_path: Path, file: str, text: str, is_read: bool
) -> None:
    (tmp_path / ".env").write_text("DATABASE_URL=postgres://shop@db/shop\n")
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text)
    assert ("=file" in asked(tmp_path, "env", "")) is not is_read
