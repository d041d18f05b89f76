"""Files of the project behind the site that nobody gets."""

import asyncio
import subprocess
from pathlib import Path
from typing import Any

from diagnose.machine import CommandResult
from diagnose.model import Vantage
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.model.server import Listeners
from diagnose.model.services import UnpublishedFiles
from diagnose.parsers.nginx.config import parse
from diagnose.probes.inside.project_files import SCRIPT, projects_of_programs
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

IMAGE = "https://shop.example.com/storage/users/a.jpg"
LARAVEL = "laravel www-data none /var/www/desk\n"
SITE = "server { listen 443 ssl; server_name shop.example.com; root /var/www/desk/public; }"


def printed(path: str, *folders: Path) -> list[str]:
    words = ["sh", "-c", SCRIPT, "sh", path, *map(str, folders)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()


def written(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("django")


def looked(out: str, status: int = 404) -> list[UnpublishedFiles]:
    class Machine(RecordedMachine):
        async def run(self, *argv: str, **_: object) -> CommandResult:
            return CommandResult(argv, 0, out, "", 0.0)

    ctx = Looking(Machine({}, {}))
    main = parse(f"http {{ {SITE} }}", "/etc/nginx/nginx.conf")
    config = NginxConfig(vantage=Vantage.SERVER, path="/etc/nginx/nginx.conf", main=main)
    ctx.emit(config)
    file = PageFileResponse(
        page="https://shop.example.com/", file_kind="image", url=IMAGE, address="203.0.113.10",
        port=443, status=status,
    )  # fmt: skip
    ctx.emit(file)
    listeners = ctx.emit(Listeners(vantage=Vantage.SERVER, sockets=()))
    work: Any = projects_of_programs.work
    asyncio.run(work(ctx, listeners))
    return list(ctx.observed(UnpublishedFiles))


def test_the_link_of_laravel_is_missing_or_broken(tmp_path: Path) -> None:
    written(tmp_path, "artisan", "storage/app/public/users/a.jpg", "public/index.php")
    public = tmp_path / "public"
    (line,) = printed("/storage/users/a.jpg", public)
    assert line.startswith("laravel ")
    assert line.endswith(f" none {tmp_path}")
    (public / "storage").symlink_to("/none")
    assert " broken " in printed("/storage/users/a.jpg", public)[0]
    assert not printed("/storage/users/b.jpg", public)
    (public / "storage").unlink()
    (public / "storage").symlink_to(tmp_path / "storage/app/public")
    assert not printed("/storage/users/a.jpg", public)


def test_a_standalone_build_lacks_its_files(tmp_path: Path) -> None:
    written(tmp_path, ".next/static/chunks/a.js", "public/logo.svg", ".next/standalone/server.js")
    program = tmp_path / ".next/standalone"
    first, second = printed("/_next/static/chunks/a.js", program)
    assert first.endswith(f" {tmp_path} {program}")
    assert second == f"public {tmp_path}/public"
    # What is there would be mixed with the copy, and go when that is undone.
    written(program, ".next/static/chunks/b.js")
    assert not printed("/_next/static/chunks/a.js", program)


def test_a_project_of_django_names_its_storage(tmp_path: Path) -> None:
    written(tmp_path, "manage.py", "shop/static/css/a.css")
    (tmp_path / "shop/settings.py").write_text(
        "S = 'whitenoise.storage.CompressedManifestStaticFilesStorage'"
    )
    lines = printed("/static/css/a.css", tmp_path)
    assert f"source {tmp_path}/shop/static/css/a.css" in lines
    assert f"manifest {tmp_path}/shop/settings.py" in lines


def test_what_the_script_prints_is_emitted_once() -> None:
    (files,) = looked(LARAVEL)
    assert (files.reason, files.owner, files.is_broken) == ("laravel", "www-data", False)
    assert files.target == "/var/www/desk/public/storage"


def test_a_file_that_comes_asks_nothing() -> None:
    assert not looked(LARAVEL, 200)
    assert not looked("")
