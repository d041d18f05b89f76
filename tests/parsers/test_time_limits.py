"""The limits of time of programs: where they stand, and the line with another one."""

import pytest

from diagnose.parsers.time_limits import (
    TimeLimit,
    has_option,
    settings_limits,
    source_limits,
    unit_limits,
)


def only(limits: tuple[TimeLimit, ...]) -> TimeLimit:
    (limit,) = limits
    return limit


@pytest.mark.parametrize(
    ("line", "seconds", "raised"),
    [
        ("server.setTimeout(20 * 1000);", 20, "server.setTimeout(600 * 1000);"),
        ("server.setTimeout(120_000, close)", 120, "server.setTimeout(600 * 1000, close)"),
        ("  httpServer.timeout = 20000", 20, "  httpServer.timeout = 600 * 1000"),
        ("  requestTimeout: 2*60*1000,", 120, "  requestTimeout: 600 * 1000,"),
    ],
)
def test_a_limit_of_node(line: str, seconds: float, raised: str) -> None:
    limit = only(source_limits(f"const a = 1\n{line}\n"))
    assert (limit.seconds, limit.number, limit.raised(600)) == (seconds, 2, raised)


@pytest.mark.parametrize(
    "line",
    [
        "setTimeout(20000)", "request.setTimeout(20000)", "// server.setTimeout(20000);",
        "server.setTimeout(LIMIT)", "server.timeout = 20000 + more", "server.setTimeout(2 * n)",
    ],
)  # fmt: skip
def test_no_limit_of_node(line: str) -> None:
    assert not source_limits(line)


def test_the_limits_of_settings() -> None:
    pool = only(settings_limits("[www]\nrequest_terminate_timeout = 2m ; long\n"))
    assert (pool.seconds, pool.raised(300)) == (120, "request_terminate_timeout = 300 ; long")
    assert only(settings_limits("harakiri=20")).raised(60) == "harakiri=60"
    assert (
        only(settings_limits("timeout = 30  # s", is_python=True)).raised(60)[:12] == "timeout = 60"
    )
    assert not settings_limits(";request_terminate_timeout = 30\n# harakiri = 4")


def test_the_limits_of_a_unit() -> None:
    own = "[Service]\nExecStart=/srv/v/bin/gunicorn -b :8000 --timeout 45 shop:app\n"
    limit = only(unit_limits(own))
    assert (limit.seconds, limit.number) == (45, 2)
    assert limit.raised(60) == "ExecStart=/srv/v/bin/gunicorn -b :8000 --timeout 60 shop:app"
    usual = only(unit_limits(own.replace(" --timeout 45", "")))
    assert (usual.seconds, usual.is_added) == (30, True)
    assert usual.raised(60).startswith("ExecStart=/srv/v/bin/gunicorn --timeout 60 -b")
    assert not unit_limits("[Service]\nExecStart=/usr/bin/node server.js\n")
    assert has_option(("gunicorn", "-t", "60"))
    assert not has_option(("gunicorn", "--threads", "4"))


def test_the_seconds_that_a_limit_explains() -> None:
    limit = only(source_limits("server.setTimeout(20000)"))
    assert limit.explains(20.07)
    assert not limit.explains(5.0)
    assert not limit.explains(29.0)
    assert only(settings_limits("request_terminate_timeout = 30")).explains(38.0)
