"""Who may read a page's file, as nginx's worker."""

import asyncio
import shlex

from diagnose.machine.recorded import RecordedMachine
from diagnose.model.files import PageAccess
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxProcess, NginxState
from diagnose.probes.inside import page_files
from diagnose.probes.inside.file_access import ACCESS_SCRIPT
from tests.support.fake_context import Looking
from tests.support.page_errors import logged

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
    look = Looking(RecordedMachine({asked: WHO}))
    look.emit(state)

    async def work() -> None:
        await page_files.denied.work(look, line)

    asyncio.run(work())
    return look


def test_the_path_is_read_as_a_worker() -> None:
    look = looked_after(logged(f'open() "{FILE}" failed (13: Permission denied)', errno=13))
    (access,) = look.observed(PageAccess)
    assert (access.path, access.user) == (FILE, "www-data")
    assert [part.path for part in access.denied_parts] == ["/home/alice"]


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
