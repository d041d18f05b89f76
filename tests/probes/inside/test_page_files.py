"""Who may read a page's file, as nginx's worker."""

import asyncio
import shlex

import pytest

from diagnose.model.commands import FOR_BROWSERS
from diagnose.model.files import PageAccess, PageFileAccess, PasswordFileAccess
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxProcess, NginxState
from diagnose.model.pages import PageFileResponse
from diagnose.probes.inside import page_files
from diagnose.probes.inside.file_access import ACCESS_SCRIPT
from tests.support import nginx_evidence
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import config
from tests.support.page_errors import logged
from tests.support.page_evidence import answered, sheet
from tests.support.recorded_machine import RecordedMachine
from tests.support.upstream_evidence import page

FILE = "/home/alice/shop/index.html"
WHO = """\
uid 33
gids 33
name www-data www-data
path /home/alice/shop/index.html
part 0 root 0 root 755 directory||/
part 1000 alice 1000 alice 700 directory||/home/alice
part 1000 alice 1000 alice 644 regular file||/home/alice/shop/index.html
"""
RUNNING = NginxState(
    installed=True, masters=(NginxProcess(pid=7, binary="/usr/sbin/nginx", workers=(11, 12)),)
)


def looked_after(line: LogLine, state: NginxState = RUNNING) -> Looking:
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", FILE))
    ctx = Looking(RecordedMachine({asked: WHO}))
    ctx.emit(state)

    async def work() -> None:
        await page_files.denied.work(ctx, line)

    asyncio.run(work())
    return ctx


def test_the_path_is_read_as_a_worker() -> None:
    looking = looked_after(logged(f'open() "{FILE}" failed (13: Permission denied)', errno=13))
    (access,) = looking.observed(PageAccess)
    assert (access.path, access.user) == (FILE, "www-data")
    assert [part.path for part in access.denied_parts] == ["/home/alice"]


def test_the_files_beside_a_closed_one_are_counted() -> None:
    file = "/srv/shop/app.css"
    who = WHO.replace("700 directory", "755 directory").replace("644 regular", "600 regular")
    who = who.replace(FILE, file).replace("/home/alice", "/srv")
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", file))
    names = [word for end in FOR_BROWSERS for word in ("-o", "-iname", f"*.{end}")][1:]
    beside = shlex.join(
        ("find", "/srv/shop", "-maxdepth", "1", "-not", "-name", ".*", "-type", "f", "-perm",
         "0600", "-user", "1000", "-group", "1000", "(", *names, ")")
    )  # fmt: skip
    ctx = Looking(RecordedMachine({asked: who, beside: f"{file}\n/srv/shop/app.js\n"}))
    ctx.emit(RUNNING)
    line = logged(f'open() "{file}" failed (13: Permission denied)', errno=13)
    asyncio.run(page_files.denied.work(ctx, line))  # type: ignore[arg-type]
    assert [access.beside for access in ctx.observed(PageAccess)] == [1]


def test_nothing_is_read_for_other_lines() -> None:
    denied = f'open() "{FILE}" failed (13: Permission denied)'
    for line in (
        logged(f'open() "{FILE}" failed (2: No such file or directory)', errno=2),
        logged(denied, host="blog.example.com"),
        logged(denied, path="/other"),
    ):
        assert not looked_after(line).observed(PageAccess)


def test_nothing_is_read_without_a_worker() -> None:
    line = logged(f'open() "{FILE}" failed (13: Permission denied)', errno=13)
    assert not looked_after(line, NginxState(installed=True)).observed(PageAccess)


# The files that the page loads

CSS = "/var/www/shop/staticcss/app.css"
REAL = "/var/www/shop/static/css/app.css"
SITE = config(
    "server {\n  listen 443 ssl;\n  server_name shop.example.com;\n"
    "  location /static/ { alias /var/www/shop/static; }\n}\n"
)
SEEN = f"""\
uid 33
gids 33
name www-data www-data
path {CSS}
part 0 root 0 root 755 directory||/
path /etc/nginx/mime.types
part 0 root 0 root 755 directory||/
part 0 root 0 root 644 regular file||/etc/nginx/mime.types
path {REAL}
part 0 root 0 root 755 directory||/
part 0 root 0 root 644 regular file||{REAL}
path /var/www/shop/static/static/css/app.css
part 0 root 0 root 755 directory||/
"""


def examined(response: PageFileResponse) -> Looking:
    paths = (CSS, "/etc/nginx/mime.types", REAL, "/var/www/shop/static/static/css/app.css")
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", *paths))
    ctx = Looking(RecordedMachine({asked: SEEN}))
    ctx.emit(RUNNING)

    async def work() -> None:
        await page_files.of_page.work(ctx, response, SITE)

    asyncio.run(work())
    return ctx


def test_where_nginx_looks_for_a_file_and_where_it_is() -> None:
    missing = answered(sheet("/static/css/app.css"), 404)
    (access,) = examined(missing).observed(PageFileAccess)
    assert (access.path, access.exists) == (CSS, False)
    assert (access.elsewhere, access.mistake) == (REAL, "slash")
    assert access.types_file == "/etc/nginx/mime.types"


def test_the_file_of_a_prefix_that_an_expression_outdoes() -> None:
    own, elsewhere = "/srv/blog/pic/app.css", "/srv/pic/app.css"
    locations = r"location /pic/ { alias /srv/pic/; } location ~ \.css$ { expires 12h; }"
    text = f"server {{ listen 443 ssl; root /srv/blog; {locations} }}"
    paths = (own, "/etc/nginx/mime.types", elsewhere, "/srv/blog/app.css")
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", *paths))
    answer = SEEN.replace(CSS, own).replace(REAL, elsewhere)
    ctx = Looking(RecordedMachine({asked: answer}))
    ctx.emit(RUNNING)

    async def work() -> None:
        await page_files.of_page.work(ctx, answered(sheet("/pic/app.css"), 404), config(text))

    asyncio.run(work())
    (access,) = ctx.observed(PageFileAccess)
    assert (access.elsewhere, access.mistake) == (elsewhere, "expression")


def test_the_file_to_which_a_rewrite_of_the_outdone_prefix_leads() -> None:
    own, elsewhere = "/srv/blog/v2/app.css", "/srv/blog/css/app.css"
    rule = r"location / { rewrite ^/v[0-9]/(.*)$ /css/$1 last; } location ~ \.css$ { expires 1h; }"
    text = f"server {{ listen 443 ssl; root /srv/blog; {rule} }}"
    paths = (own, "/etc/nginx/mime.types", elsewhere, "/srv/blog/app.css")
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", *paths))
    answer = SEEN.replace(CSS, own).replace(REAL, elsewhere)
    ctx = Looking(RecordedMachine({asked: answer}))
    ctx.emit(RUNNING)

    async def work() -> None:
        await page_files.of_page.work(ctx, answered(sheet("/v2/app.css"), 404), config(text))

    asyncio.run(work())
    (access,) = ctx.observed(PageFileAccess)
    assert (access.elsewhere, access.mistake) == (elsewhere, "rewrite")


@pytest.mark.parametrize(("mode", "mistakes"), [("644", ["expression"]), ("600", [])])
def test_the_file_of_a_prefix_before_which_an_application_is_asked(
    mode: str, mistakes: list[str]
) -> None:
    file = "/srv/pic/app.css"
    locations = r"location /pic/ { alias /srv/pic/; } location ~ \.css$ { proxy_pass http://a:1; }"
    text = f"server {{ listen 443 ssl; {locations} }}"
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", file))
    answer = f"uid 33\ngids 33\nname www-data www-data\npath {file}\n"
    answer += (
        f"part 0 root 0 root 755 directory||/\npart 0 root 0 root {mode} regular file||{file}\n"
    )
    ctx = Looking(RecordedMachine({asked: answer}))
    ctx.emit(RUNNING)

    async def work() -> None:
        await page_files.of_page.work(ctx, answered(sheet("/pic/app.css"), 404), config(text))

    asyncio.run(work())
    assert [access.mistake for access in ctx.observed(PageFileAccess)] == mistakes


def test_files_that_browsers_use_are_not_examined() -> None:
    used = answered(sheet("/static/css/app.css"))
    assert not examined(used).observed(PageFileAccess)


@pytest.mark.parametrize(("mode", "number"), [("700", 1), ("755", 0)])
def test_a_file_before_an_application_is_examined_only_if_it_is_closed(
    mode: str, number: int
) -> None:
    """`try_files $uri @app`: what is not there is the application's, after issues of Mastodon."""
    path = "/home/alice/shop/assets/app.css"
    lines = "root /home/alice/shop; location / { try_files $uri @app; } "
    text = (
        f"server {{ listen 443 ssl; {lines} location @app {{ proxy_pass http://127.0.0.1:3; }} }}"
    )
    paths = (path, "/etc/nginx/mime.types", "/home/alice/shop/app.css")
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", *paths))
    answer = WHO.replace(FILE, path).replace("alice 700", f"alice {mode}")
    ctx = Looking(RecordedMachine({asked: answer}))
    ctx.emit(RUNNING)
    missing = answered(sheet("/assets/app.css"), 404)

    async def work() -> None:
        await page_files.of_page.work(ctx, missing, config(text))

    asyncio.run(work())
    assert len(ctx.observed(PageFileAccess)) == number


def test_who_may_read_the_passwords() -> None:
    path = "/etc/nginx/.htpasswd"
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", path))
    text = nginx_evidence.SITE.replace(
        "    location /",
        "    auth_basic a;\n    auth_basic_user_file .htpasswd;\n    location /",
        1,
    )
    answer = WHO.replace(FILE, path).replace("/home/alice", "/etc").rsplit("part", 1)[0]
    ctx = Looking(RecordedMachine({asked: answer}))
    ctx.emit(RUNNING)
    guarded, refused = config(text), page(401)
    ctx.emit(refused)

    async def work() -> None:
        await page_files.of_passwords.work(ctx, refused, guarded)

    asyncio.run(work())
    (access,) = ctx.observed(PasswordFileAccess)
    assert access.path == path
    assert not access.exists
