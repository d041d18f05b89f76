"""Whether nginx's workers may write where nginx keeps uploads."""

import asyncio
import shlex
from dataclasses import replace

from diagnose.model.files import BodyFolderAccess
from diagnose.model.nginx import NginxBuild, NginxProcess, NginxState
from diagnose.model.pages import Page
from diagnose.probes.inside import upload_folders
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
