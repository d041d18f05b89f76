"""The page to which nginx leads every path, and where it is."""

import asyncio
import shlex
from dataclasses import replace

import pytest

from diagnose.model.files import PageFileAccess
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.file_paths import PUBLIC_FOLDERS
from diagnose.probes.inside import fallback_files
from diagnose.probes.inside.file_access import ACCESS_SCRIPT
from tests.probes.inside.test_page_files import RUNNING
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import config
from tests.support.recorded_machine import RecordedMachine
from tests.support.upstream_evidence import page

FILE = "part 0 root 0 root 644 regular file||"
FOLDER = "part 0 root 0 root 755 directory||/srv\n"


def site(lines: str) -> NginxConfig:
    return config(f"server {{ listen 443 ssl; server_name shop.example.com; {lines} }}")


def looked(
    lines: str, path: str, files: list[str], there: str, status: int = 500
) -> list[tuple[str, str]]:
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", *files))
    blocks = (
        f"path {file}\n{FOLDER}{f'{FILE}{file}' if file == there else ''}\n" for file in files
    )
    answer = f"uid 33\ngids 33\nname www-data www-data\n{''.join(blocks)}"
    ctx = Looking(RecordedMachine({asked: answer}))
    ctx.target = replace(ctx.target, path=path)
    failed, seen = replace(page(status), url=ctx.target.url), site(lines)
    for observation in (RUNNING, seen, failed):
        ctx.emit(observation)

    async def work() -> None:
        if status == 404:
            await fallback_files.emit_fixed_fallback(ctx, failed, seen)
        else:
            await fallback_files.missing_fallback.work(ctx, failed, seen)

    asyncio.run(work())
    return [(access.mistake, access.elsewhere) for access in ctx.observed(PageFileAccess)]


PREFIX = "root /srv/app; location /app/ { try_files $uri $uri/ /app/index.html; }"
FRONTS = ("index.php", "app.php", "index.htm")
OTHERS = [
    *(f"/srv/app/{folder}/app/index.html" for folder in PUBLIC_FOLDERS),
    *(f"/srv/app/app/{name}" for name in FRONTS),
]


@pytest.mark.parametrize(
    ("there", "seen"),
    [
        ("/srv/app/index.html", [("base", "/srv/app/index.html")]),
        ("/srv/app/app/index.html", []),
        ("", []),
    ],
)
def test_the_prefix_is_no_folder(there: str, seen: list[tuple[str, str]]) -> None:
    files = ["/srv/app/app/index.html", "/srv/app/index.html", *OTHERS]
    assert looked(PREFIX, "/app/", files, there) == seen


def test_root_names_the_project() -> None:
    lines = "root /srv/app; location / { try_files $uri /index.html; }"
    files = ["/srv/app/index.html", *(f"/srv/app/{name}/index.html" for name in PUBLIC_FOLDERS)]
    files += [f"/srv/app/{name}" for name in FRONTS]
    there = "/srv/app/dist/index.html"
    assert looked(lines, "/cart", files, there) == [("below", there)]


@pytest.mark.parametrize("there", ["/srv/app/index.php", "", "/srv/app/app.php"])
def test_the_folder_has_another_script_than_the_lines_name(there: str) -> None:
    """The location of PHP looks for the script itself, and leads back to it."""
    lines = (
        "root /srv/app; location / { try_files $uri /app.php$is_args$args; }"
        " location ~ \\.php$ { try_files $uri /app.php$is_args$args; fastcgi_pass a:9000; }"
    )
    files = ["/srv/app/app.php", *(f"/srv/app/{name}/app.php" for name in PUBLIC_FOLDERS)]
    files.append("/srv/app/index.php")
    front = [("front", there)] if there.endswith("index.php") else []
    assert looked(lines, "/cart", files, there) == front


@pytest.mark.parametrize(
    ("there", "seen"),
    [
        ("/srv/app/dist/index.html", [("below", "/srv/app/dist/index.html")]),
        ("/srv/app/index.html", []),
        ("", [("no-fallback", "")]),
    ],
)
def test_the_page_before_a_404(there: str, seen: list[tuple[str, str]]) -> None:
    files = ["/srv/app/index.html", *(f"/srv/app/{name}/index.html" for name in PUBLIC_FOLDERS)]
    for lines in (
        "root /srv/app; location / { try_files $uri /index.html =404; }",
        "root /srv/app; location / { try_files $uri @page; }"
        " location @page { try_files /index.html =404; }",
    ):
        assert looked(lines, "/cart", files, there, 404) == seen


def test_nothing_is_read_without_a_page_for_every_path() -> None:
    assert not looked("root /srv/app; location / { try_files $uri =404; }", "/cart", ["/srv"], "")
