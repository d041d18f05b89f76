"""The file that nginx would serve after a reload."""

import asyncio
import shlex

import pytest

from diagnose.model.files import PageFileAccess
from diagnose.model.nginx import NginxProcess, NginxState
from diagnose.probes.inside import newer_files
from diagnose.probes.inside.file_access import ACCESS_SCRIPT
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import LOADED, SITE, config
from tests.support.recorded_machine import RecordedMachine
from tests.support.upstream_evidence import page

INDEX = "/srv/shop/index.html"
STATIC = SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /srv/shop;")
RUNNING = NginxState(
    installed=True,
    masters=(NginxProcess(pid=7, binary="/usr/sbin/nginx", workers=(11,), loaded=LOADED),),
)
FOLDER = "part 0 root 0 root 755 directory||/srv/shop\n"
FILE = f"part 0 root 0 root 644 regular file||{INDEX}\n"


def observed(text: str, changed: float, status: int, parts: str) -> list[str]:
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", INDEX))
    answer = f"uid 33\ngids 33\nname www-data www-data\npath {INDEX}\n{parts}"
    ctx = Looking(RecordedMachine({asked: answer}))
    exchange, newer = page(status), config(text, changed)

    async def work() -> None:
        for observation in (RUNNING, newer, exchange):
            ctx.emit(observation)
        await newer_files.after_reload.work(ctx, exchange, newer)

    asyncio.run(work())
    return [access.path for access in ctx.observed(PageFileAccess)]


@pytest.mark.parametrize("status", [403, 404])
def test_the_file_is_looked_for(status: int) -> None:
    assert observed(STATIC, LOADED + 60, status, FOLDER + FILE) == [INDEX]


@pytest.mark.parametrize(
    ("text", "changed", "status", "parts"),
    [
        (STATIC, LOADED + 60, 404, FOLDER),
        (STATIC, LOADED - 60, 404, FOLDER + FILE),
        (STATIC, LOADED + 60, 200, FOLDER + FILE),
        (SITE, LOADED + 60, 404, FOLDER + FILE),
        (STATIC.replace("root /srv/shop", "root /srv/$host"), LOADED + 60, 404, FOLDER + FILE),
    ],
    ids=["missing", "older", "a page", "an application", "a variable"],
)
def test_nothing_is_emitted(text: str, changed: float, status: int, parts: str) -> None:
    assert not observed(text, changed, status, parts)
