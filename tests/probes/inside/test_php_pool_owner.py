import asyncio

import pytest

from diagnose.model.applications import ReadSetting
from diagnose.model.upstream import Permissions, UpstreamSocket
from diagnose.probes.inside.php_pool_owner import emit_owner
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

SOCKET = "/run/php/php8.4-fpm.sock"
FILE = "/etc/php/8.4/fpm/pool.d/www.conf"
POOL = f"[www]\nlisten = {SOCKET}\nlisten.owner = www-data\n"
FOLDERS = (Permissions("/run/php", "drwxr-xr-x", 0, 0), Permissions("/run", "drwxr-xr-x", 0, 0))


def read(files: dict[str, str], mode: str = "srw-rw----", user: int = 101) -> list[ReadSetting]:
    ctx = Looking(RecordedMachine({}, files=files))
    above = (Permissions(SOCKET, mode, 33, 33), *FOLDERS)
    names = ("nginx", "www-data")
    socket = UpstreamSocket(path=SOCKET, above=above, user=user, groups=(101,), names=names)
    asyncio.run(emit_owner(ctx, socket))
    return list(ctx.observed(ReadSetting))


def test_the_pool_gets_nginx_s_user() -> None:
    (told,) = read({FILE: POOL})
    assert (told.file, told.number, told.new) == (FILE, 3, "listen.owner = nginx")
    assert (told.unit, told.added) == ("php8.4-fpm", False)
    (told,) = read({FILE: POOL.replace("listen.owner", ";listen.owner")})
    assert (told.number, told.added) == (2, True)


@pytest.mark.parametrize(
    ("files", "mode", "user"),
    [
        ({FILE: POOL}, "srw-rw-rw-", 101),
        ({FILE: POOL}, "srw-rw----", 33),
        ({FILE: POOL}, "s---rw----", 101),
        ({FILE: POOL, "/etc/php/8.4/fpm/pool.d/b.conf": POOL}, "srw-rw----", 101),
        ({FILE: POOL.replace("8.4", "8.2")}, "srw-rw----", 101),
    ],
)
def test_nothing_where_nginx_may_or_the_pool_is_not_known(
    files: dict[str, str], mode: str, user: int
) -> None:
    assert not read(files, mode, user)
