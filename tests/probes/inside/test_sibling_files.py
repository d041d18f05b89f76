"""A file of the page, looked for in other folders."""

import asyncio
import shlex
from dataclasses import replace

import pytest

from diagnose.model.files import SiblingFile
from diagnose.model.nginx import NginxProcess, NginxState
from diagnose.model.pages import PageFileResponse
from diagnose.model.server import Listener, Listeners
from diagnose.parsers.nginx.file_paths import PUBLIC_FOLDERS
from diagnose.parsers.nginx.sibling_folders import SITE_FOLDERS, searched_suffix
from diagnose.probes.inside import sibling_files
from diagnose.probes.inside.file_access import ACCESS_SCRIPT
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import config
from tests.support.page_errors import page
from tests.support.page_evidence import answered, sheet
from tests.support.recorded_machine import RecordedMachine

MISSING = answered(sheet("/media/tea.css"), 404)
STATE = NginxState(
    installed=True, masters=(NginxProcess(pid=7, binary="/usr/sbin/nginx", workers=(11,)),)
)
LISTENERS = Listeners(
    sockets=(Listener(address="127.0.0.1", port=3000, family=4, pid=42, process="python"),)
)
PATHS = (
    "/srv/django/media/tea.css", "/srv/django/public/media/tea.css",
    "/srv/media/tea.css", "/srv/public/media/tea.css",
)  # fmt: skip
FOUND = f"""\
uid 33
gids 33
name www-data www-data
path {PATHS[0]}
part 0 root 0 root 755 directory||/srv
part 0 root 0 root 644 regular file||{PATHS[0]}
"""


def looked(
    response: PageFileResponse = MISSING, listeners: Listeners = LISTENERS, found: str = FOUND
) -> tuple[SiblingFile, ...]:
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", *PATHS))
    answers = {asked: found, "readlink -- /proc/42/cwd": "/srv/django\n"}
    ctx = Looking(RecordedMachine(answers))

    async def work() -> None:
        ctx.emit(STATE)
        ctx.emit(response)
        await sibling_files.after_file.work(ctx, response)
        nginx = config()
        ctx.emit(nginx)
        await sibling_files.after_configuration.work(ctx, nginx)
        ctx.emit(listeners)
        for _ in range(2):
            await sibling_files.after_listeners.work(ctx, listeners)

    asyncio.run(work())
    return ctx.observed(SiblingFile)


def test_finds_the_file_in_the_folder_of_the_program_once() -> None:
    (sibling,) = looked()
    assert (sibling.path, sibling.of_program) == (PATHS[0], True)
    assert sibling.url == MISSING.url


def test_a_folder_of_this_name_is_no_file() -> None:
    folder = FOUND.replace("644 regular file", "755 directory")
    assert not looked(found=folder)


def test_looks_for_a_file_whose_visitors_are_sent_to_a_login() -> None:
    login = replace(
        MISSING, status=200, is_html=True, redirects=("https://shop.example.com/login/",)
    )
    (sibling,) = looked(login)
    assert sibling.url == MISSING.url


@pytest.mark.parametrize(
    "response",
    [replace(MISSING, status=200), replace(MISSING, status=500),
     replace(MISSING, redirects=("https://shop.example.com/x",))],
)  # fmt: skip
def test_looks_for_nothing_that_came(response: PageFileResponse) -> None:
    assert not looked(response)
    nginx_alone = replace(LISTENERS.sockets[0], process="nginx")
    assert not looked(listeners=Listeners(sockets=(nginx_alone,)))


CSS = answered(sheet("/static/css/tea.css"), 404)


@pytest.mark.parametrize(
    ("files", "path"),
    [
        ("/srv/a/static/css/tea.css\n/opt/b/css/tea.css\n", "/srv/a/static/css/tea.css"),
        ("/opt/b/css/tea.css\n", "/opt/b/css/tea.css"),
        ("/opt/b/css/tea.css\n/opt/c/css/tea.css\n", ""),
        ("", ""),
    ],
    ids=["the whole path", "one", "two", "none"],
)
def test_a_file_that_is_nowhere_near_is_searched_for_by_its_path(files: str, path: str) -> None:
    search = shlex.join(
        ("sh", "-c", sibling_files.SEARCH_SCRIPT, "sh", "css/tea.css", *SITE_FOLDERS)
    )
    access = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", path))
    seen = f"uid 33\ngids 33\nname www-data www-data\npath {path}\npart 0 root 0 root 644 "
    ctx = Looking(RecordedMachine({search: files, access: f"{seen}regular file||{path}\n"}))

    async def work() -> None:
        for observation in (STATE, config(), replace(LISTENERS, sockets=()), CSS):
            ctx.emit(observation)
        await sibling_files.after_file.work(ctx, CSS)

    asyncio.run(work())
    assert [(each.path, each.is_only) for each in ctx.observed(SiblingFile)] == (
        [(path, True)] if path else []
    )


@pytest.mark.parametrize(
    ("path", "suffix"),
    [
        ("/packs/css/a.css", "css/a.css"),
        ("/css/a.css", "css/a.css"),
        ("/a.css", ""),
        ("/x/*/a.css", ""),
        ("/x/../a.css", ""),
        ("/media/", ""),
    ],
)
def test_a_name_alone_is_that_of_many_files(path: str, suffix: str) -> None:
    assert searched_suffix(path) == suffix


@pytest.mark.parametrize(
    ("there", "seen"),
    [
        (("/srv/app/public/index.php",), ["/srv/app/public/index.php"]),
        (("/srv/app/index.php",), []),
        ((), []),
    ],
)
def test_the_index_php_of_the_site_is_looked_for_below_its_root(
    there: tuple[str, ...], seen: list[str]
) -> None:
    folders = ("/srv/app", *(f"/srv/app/{name}" for name in PUBLIC_FOLDERS))
    files = front_controllers("/login", [f"{folder}/index.php" for folder in folders], there)
    assert [each.path for each in files] == seen


@pytest.mark.parametrize(
    ("there", "seen"),
    [
        (("/srv/app/blog/index.php", "/srv/app/index.php"), "/blog/index.php"),
        (("/srv/app/blog/2026/index.php", "/srv/app/blog/index.php"), "/blog/2026/index.php"),
        (("/srv/app/index.php",), ""),
    ],
)
def test_the_index_php_of_the_nearest_folder_above_the_path_counts(
    there: tuple[str, ...], seen: str
) -> None:
    folders = ("blog/2026/", "blog/", "", *(f"{name}/" for name in PUBLIC_FOLDERS))
    asked = [f"/srv/app/{folder}index.php" for folder in folders]
    urls = [each.url for each in front_controllers("/blog/2026/tea/", asked, there)]
    assert urls == ([f"https://shop.example.com{seen}"] if seen else [])


def front_controllers(
    path: str, files: list[str], there: tuple[str, ...]
) -> tuple[SiblingFile, ...]:
    """What is emitted for a path that nginx does not have, if these of the files are there."""
    folder, file = "part 0 root 0 root 755 directory||/srv", "part 0 root 0 root 644 regular file||"
    blocks = "".join(
        f"path {each}\n{folder}\n{f'{file}{each}' if each in there else ''}\n" for each in files
    )
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", *files))
    answers = {asked: f"uid 33\ngids 33\nname www-data www-data\n{blocks}"}
    ctx = Looking(RecordedMachine(answers))
    ctx.target = replace(ctx.target, path=path)
    php = "location ~ \\.php$ { fastcgi_pass unix:/run/php.sock; }"
    lines = f"root /srv/app; location / {{ try_files $uri $uri/ =404; }} {php}"
    nginx = config(f"server {{ listen 443 ssl; server_name shop.example.com; {lines} }}")
    body = "<h1>404 Not Found</h1></center><hr><center>nginx</center>"
    missing = replace(page(404, body), url=ctx.target.url)
    for observation in (STATE, nginx, missing):
        ctx.emit(observation)

    async def work() -> None:
        await sibling_files.of_front_controller.work(ctx, missing, nginx)

    asyncio.run(work())
    return ctx.observed(SiblingFile)
