"""Where the script is that PHP does not find."""

import asyncio
import shlex
from dataclasses import replace

import pytest

from diagnose.model.files import PageFileAccess
from diagnose.model.http import Exchange
from diagnose.model.upstream import UnixListeners
from diagnose.parsers.nginx.file_paths import PUBLIC_FOLDERS
from diagnose.probes.inside import script_files
from diagnose.probes.inside.file_access import ACCESS_SCRIPT
from diagnose.probes.inside.upstream_access import LISTENERS_SCRIPT
from tests.probes.inside.test_page_files import RUNNING
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import config
from tests.support.page_errors import logged
from tests.support.recorded_machine import RecordedMachine
from tests.support.upstream_evidence import page
from tests.support.web_server_evidence import HTTPS, apache_config

NAMED, REAL = "/scripts/index.php", "/srv/shop/index.php"
SITE = config(
    "server { listen 443 ssl; server_name shop.example.com; root /srv/shop; index index.php;"
    " location ~ \\.php$ { fastcgi_pass 127.0.0.1:9000;"
    " fastcgi_param SCRIPT_FILENAME /scripts$fastcgi_script_name; } }"
)
MISSING = replace(page(404), body="File not found.\n")
FOLDER = "part 0 root 0 root 755 directory||"
FILE = f"part 0 root 0 root 644 regular file||{REAL}\n"


def looked(answer: Exchange, real: str = FILE) -> tuple[PageFileAccess, ...]:
    below = (f"/srv/shop/{folder}/index.php" for folder in PUBLIC_FOLDERS)
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", NAMED, REAL, *below))
    text = f"uid 33\ngids 33\nname www-data www-data\npath {NAMED}\n{FOLDER}/\n"
    ctx = Looking(RecordedMachine({asked: f"{text}path {REAL}\n{FOLDER}/\n{real}"}))
    for observation in (RUNNING, SITE, answer):
        ctx.emit(observation)

    async def work() -> None:
        await script_files.missing_script.work(ctx, answer, SITE)

    asyncio.run(work())
    return tuple(ctx.observed(PageFileAccess))


@pytest.mark.parametrize(("real", "elsewhere"), [(FILE, REAL), ("", "")])
def test_the_script_is_where_another_setting_leads(real: str, elsewhere: str) -> None:
    (access,) = looked(MISSING, real)
    assert (access.path, access.elsewhere, access.mistake) == (NAMED, elsewhere, "script")


def test_nothing_is_read_for_an_answer_of_the_program_itself() -> None:
    assert not looked(replace(MISSING, body="<h1>404</h1>"))
    assert not looked(replace(MISSING, status=200))


@pytest.mark.parametrize(
    ("name", "status", "lines", "found"),
    [
        ("/srv/shop/info", 403, FILE, True),
        ("/srv/shop/info", 403, "", False),
        ("/srv/shop/info", 200, FILE, False),
        ("/srv/shop/a.jpg", 403, FILE, False),
    ],
)
def test_a_refused_file_may_be_there_with_its_ending(
    name: str, status: int, lines: str, found: bool
) -> None:
    said = f"FastCGI sent in stderr: \"Access to the script '{name}' has been denied (see"
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", name, f"{name}.php"))
    text = f"uid 33\ngids 33\nname www-data www-data\npath {name}\n{FOLDER}/\n"
    ctx = Looking(RecordedMachine({asked: f"{text}path {name}.php\n{FOLDER}/\n{lines}"}))
    line = logged(said)
    for observation in (RUNNING, SITE, page(status), line):
        ctx.emit(observation)

    async def work() -> None:
        await script_files.refused_script.work(ctx, line, SITE)

    asyncio.run(work())
    elsewhere = [(access.path, access.elsewhere) for access in ctx.observed(PageFileAccess)]
    assert elsewhere == ([(name, f"{name}.php")] if found else [])


@pytest.mark.parametrize(("status", "count"), [(503, 1), (500, 0), (200, 0)])
def test_the_sockets_are_listed_where_a_handler_at_a_port_fails(status: int, count: int) -> None:
    lines = '<FilesMatch \\.php$>\nSetHandler "proxy:fcgi://127.0.0.1:9000"\n</FilesMatch>\n'
    site = apache_config(HTTPS.replace("</VirtualHost>", f"{lines}</VirtualHost>"))
    ctx = Looking(RecordedMachine({shlex.join(("sh", "-c", LISTENERS_SCRIPT)): ""}))

    async def work() -> None:
        await script_files.sockets_of_source.work(ctx, page(status), site)

    asyncio.run(work())
    assert len(ctx.observed(UnixListeners)) == count
