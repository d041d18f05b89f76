import asyncio

import pytest

from diagnose.machine import CommandResult
from diagnose.model import Failure
from tests.support.recorded_machine import RecordedMachine, matches

DENIED = Failure("denied", "Permission denied", 13)


def test_it_says_what_was_recorded_and_knows_nothing_else() -> None:
    failed = CommandResult(("firewall-cmd", "--state"), 252, "", "not running", 0.1, DENIED)
    machine = RecordedMachine(
        {"nginx -t": "ok", "firewall-cmd --state": failed, "ss -ltnpe": ""},
        {"/etc/hosts": "127.0.0.1 localhost", "/etc/shadow": DENIED},
    )

    async def ask() -> None:
        assert (await machine.run("nginx", "-t")).out == "ok"
        assert await machine.run("firewall-cmd", "--state") is failed
        missing = (await machine.run("ss", "-s")).failure
        assert missing is not None
        assert missing.kind == "missing"
        assert (await machine.read("/etc/hosts", limit=9)).text == "127.0.0.1"
        assert (await machine.read("/etc/shadow")).failure is DENIED
        assert await machine.glob("/etc/h*") == ("/etc/hosts",)
        assert await machine.listeners() == ()

    asyncio.run(ask())
    assert machine.commands_run[0] == "nginx -t"


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/etc/nginx/*.conf", "/etc/nginx/a.conf", True),
        ("/etc/nginx/*.conf", "/etc/nginx/conf.d/a.conf", False),
        ("/etc/nginx/**/*.conf", "/etc/nginx/conf.d/a.conf", True),
        ("/etc/nginx/**/*.conf", "/etc/nginx/a.conf", True),
        ("/etc/nginx/[ab].conf", "/etc/nginx/c.conf", False),
        ("/etc/nginx/[a-c].conf", "/etc/nginx/c.conf", True),
        ("/etc/nginx/[!ab].conf", "/etc/nginx/c.conf", True),
        ("/etc/nginx/[!ab].conf", "/etc/nginx/a.conf", False),
        ("/etc/nginx/[]].conf", "/etc/nginx/].conf", True),
        ("/etc/nginx/[[].conf", "/etc/nginx/[.conf", True),
        ("/etc/nginx/[a.conf", "/etc/nginx/[a.conf", True),
        ("/etc/nginx/?.conf", "/etc/nginx/a.conf", True),
        ("/etc?nginx", "/etc/nginx", False),
        ("/a.b", "/axb", False),
        ("/a*b*c", "/a1b2c", True),
        ("/a*b*c", "/a1b2", False),
    ],
)
def test_patterns_match_as_the_shell_has_it(pattern: str, path: str, fits: bool) -> None:
    assert matches(path, pattern) is fits


def test_the_first_tool_that_is_there_lists_the_sockets() -> None:
    netstat = "tcp 0 0 0.0.0.0:443 0.0.0.0:* LISTEN 7/nginx\n"
    proc = "  sl  local_address rem_address st\n   0: 00000000:01BB 00000000:0000 0A 0:0\n"
    for known in ({"netstat -ltnp": netstat}, {"cat /proc/net/tcp /proc/net/tcp6": proc}):
        found = asyncio.run(RecordedMachine(known).listeners())
        assert not isinstance(found, Failure)
        assert [(one.address, one.port) for one in found] == [("0.0.0.0", 443)]
