"""Whether nginx's workers may write where nginx keeps uploads."""

import asyncio
import shlex
from dataclasses import replace

from diagnose.model.files import BodyFolderAccess, SessionFolderAccess, TempFolderAccess
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxBuild, NginxProcess, NginxState
from diagnose.model.pages import Page, PhpMessage
from diagnose.probes.inside import php_sessions, upload_folders
from diagnose.probes.inside.file_access import ACCESS_SCRIPT
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import config
from tests.support.page_evidence import loads, sheet
from tests.support.recorded_machine import RecordedMachine

BUILD = NginxBuild(
    binary="/usr/sbin/nginx", prefix="/usr/share/nginx",
    arguments=("--http-client-body-temp-path=/var/lib/nginx/body",),
)  # fmt: skip
RUNNING = NginxState(
    installed=True, masters=(NginxProcess(pid=7, binary="/usr/sbin/nginx", workers=(11, 12)),)
)
FORM = loads(posts=("https://shop.example.com/login",))
SEEN = """\
uid 33
gids 33
name www-data www-data
path {0}
part 0 root 0 root 755 directory||/
part 101 nginx 101 nginx 700 directory||/var/lib/nginx
part 33 www-data 0 root 700 directory||{0}
"""


def looked(
    lines: str, path: str, page: Page = FORM, build: NginxBuild = BUILD
) -> tuple[BodyFolderAccess, ...]:
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", path))
    ctx = Looking(RecordedMachine({asked: SEEN.format(path)}))
    ctx.emit(RUNNING)
    ctx.emit(build)
    site = config(f"server {{ listen 443 ssl; server_name shop.example.com; {lines} }}")

    async def work() -> None:
        await upload_folders.body_folder.work(ctx, page, site)

    asyncio.run(work())
    return ctx.observed(BodyFolderAccess)


def test_the_folder_that_was_built_in() -> None:
    (access,) = looked("", "/var/lib/nginx/body")
    assert access.closed_part
    assert access.closed_part.path == "/var/lib/nginx"


def test_the_folder_of_the_configuration_and_the_default() -> None:
    assert looked("client_body_temp_path /srv/body 1 2;", "/srv/body")
    plain = replace(BUILD, arguments=())
    assert looked("", "/usr/share/nginx/client_body_temp", build=plain)
    assert not looked("", "client_body_temp", build=replace(plain, prefix=""))


def test_nothing_is_looked_at_for_a_page_that_sends_nothing() -> None:
    assert not looked("", "/var/lib/nginx/body", loads(sheet()))


def logged(
    text: str, errno: int | None, *folders: str, changes: str = ""
) -> tuple[TempFolderAccess, ...]:
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", *folders))
    ways = ("/", "/var/lib/nginx", *folders[:1])
    times = shlex.join(("sh", "-c", upload_folders._CHANGES_SCRIPT, "sh", *reversed(ways)))
    recorded = {asked: SEEN.format(folders[0]), times: changes} if folders else {}
    ctx = Looking(RecordedMachine(recorded))
    ctx.emit(RUNNING)
    line = LogLine(
        file="/var/log/nginx/error.log", when=1.0, level="crit", pid=1, text=text, errno=errno
    )

    async def work() -> None:
        await upload_folders.temp_folder_in_log.work(ctx, line)
        await upload_folders.temp_folder_in_log.work(ctx, line)

    asyncio.run(work())
    return ctx.observed(TempFolderAccess)


def test_the_folder_that_the_log_names_is_looked_at_once() -> None:
    proxy = "/var/lib/nginx/proxy"
    text = f'open() "{proxy}/1/00/0000000001" failed (13: Permission denied) while reading upstream'
    (access,) = logged(text, 13, proxy, f"{proxy}/1/00")
    assert access.closed_part
    made = f'mkdir() "{proxy}/1" failed (13: Permission denied) while reading upstream'
    assert logged(made, 13, proxy)


def test_when_the_rights_of_the_folder_changed() -> None:
    proxy = "/var/lib/nginx/proxy"
    text = f'mkdir() "{proxy}/1" failed (13: Permission denied) while reading upstream'
    (before,) = logged(text, 13, proxy, changes="5000\n300 200\n400 100\n50 50\n")
    assert (before.changed, before.given_back) == (400, False)
    (in_run,) = logged(text, 13, proxy, changes="5000\n5000 200\n400 100\n50 50\n")
    assert (in_run.changed, in_run.given_back) == (5000, True)
    (used,) = logged(text, 13, proxy, changes="5000\n5000 5000\n400 100\n50 50\n")
    assert not used.given_back
    (unknown,) = logged(text, 13, proxy, changes="5000\n")
    assert unknown.changed is None


def test_no_folder_is_looked_at_for_a_file_of_the_site_or_a_full_disk() -> None:
    assert not logged('open() "/srv/a.js" failed (13: Permission denied)', 13)
    assert not logged('pwritev() "/srv/body/0000000001" failed (28: No space left on device)', 28)


# PHP's folder of sessions

PHP = PhpMessage(url="https://shop.example.com/login", warning="session", folder="/var/lib/php/s")
POOLS = "pool 21 33\npool 22 33\n"


def sessions(pools: str) -> tuple[SessionFolderAccess, ...]:
    listed = shlex.join(("sh", "-c", php_sessions.SCRIPT))
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "21", PHP.folder))
    ctx = Looking(RecordedMachine({listed: pools, asked: SEEN.format(PHP.folder)}))

    async def work() -> None:
        await upload_folders.session_folder.work(ctx, PHP)

    asyncio.run(work())
    return ctx.observed(SessionFolderAccess)


def test_the_user_of_the_pools() -> None:
    (access,) = sessions(POOLS)
    assert (access.user, access.path) == ("www-data", "/var/lib/php/s")


def test_pools_of_several_users_say_nothing() -> None:
    assert not sessions("pool 21 33\npool 22 1001\n")
    assert not sessions("")


def test_a_warning_in_the_log_for_the_target() -> None:
    text = (
        'FastCGI sent in stderr: "PHP message: PHP Warning:  session_start(): '
        "open(/var/lib/php/s/sess_1, O_RDWR) failed: Permission denied (13) in /srv/a.php "
        'on line 3" while reading response header from upstream'
    )
    ctx = Looking(RecordedMachine({}))

    async def work() -> None:
        for request in ("GET /other HTTP/1.1", "GET / HTTP/1.1", "GET / HTTP/1.1"):
            line = LogLine(
                file="/var/log/nginx/error.log", when=1.0, level="error", pid=1, text=text,
                request=request, host="shop.example.com",
            )  # fmt: skip
            await upload_folders.php_warning_in_log.work(ctx, line)

    asyncio.run(work())
    (message,) = ctx.observed(PhpMessage)
    assert (message.warning, message.log) == ("session", "/var/log/nginx/error.log")
