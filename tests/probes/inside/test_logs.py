import asyncio
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from diagnose.machine import Machine
from diagnose.machine.local import LocalMachine
from diagnose.model import Failure, Observation, Unseen
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import ErrorLog, LogLine, OpenFiles
from diagnose.model.nginx import NginxBuild, NginxConfig, NginxProcess, NginxState, UpstreamTry
from diagnose.model.tls import Handshake
from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.error_log import LogDestination
from diagnose.probes.inside import logs
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

LOG = "/var/log/nginx/error.log"
SITE = "http { server { listen 443 ssl; server_name shop.example.com; location / { } } }"
HEAD = "now 1795543262 2026/11/24 18:01:02\n"
LINE = (
    "2026/11/24 18:01:00 [error] 123#123: *45 connect() failed (111: Connection refused) while "
    "connecting to upstream, client: 198.51.100.7, server: shop.example.com, request: "
    '"GET / HTTP/1.1", upstream: "http://127.0.0.1:3000/", host: "shop.example.com"'
)
FAILED = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=502)


def config(text: str = f"error_log {LOG}; {SITE}") -> NginxConfig:
    return NginxConfig(path="/etc/nginx/nginx.conf", main=parse(text, "/etc/nginx/nginx.conf"))


def machine(said: str, *files: str, **fields: str) -> RecordedMachine:
    asked = shlex.join(("sh", "-c", logs.READ_SCRIPT, "sh", *(files or (LOG,))))
    return RecordedMachine({asked: said}, fields)


def look_at(door: Machine, seen: NginxConfig, *before: Exchange) -> Looking:
    ctx = Looking(door)
    ctx.observations += before
    asyncio.run(logs.error_logs.work(ctx, ctx.emit(seen)))  # type: ignore[arg-type]
    return ctx


def test_the_lines_and_the_time_that_they_cover_are_seen() -> None:
    looking = look_at(machine(f"{HEAD}log 200\n {LINE}\n\n"), config())
    (line,) = looking.observed(LogLine)
    assert (line.file, line.errno, line.when) == (LOG, 111, 1795543260.0)
    (log,) = looking.observed(ErrorLog)
    assert (log.until, log.since, log.again) == (
        1795543262.0,
        1795543262.0 - logs.RECENT_SECONDS,
        False,
    )


def test_of_a_long_log_no_more_is_claimed_than_was_read() -> None:
    looking = look_at(machine(f"{HEAD}log 999999\n {LINE}\n\n"), config())
    assert looking.observed(ErrorLog)[0].since == 1795543260.0


def test_a_refused_configuration_is_found_further_back() -> None:
    old = " 2026/11/20 08:00:00 [emerg] 7#7: unknown directive"
    looking = look_at(machine(f"{HEAD}log 200\n {LINE}\n\n{old}\n"), config())
    assert [line.level for line in looking.observed(LogLine)] == ["emerg", "error"]


def test_a_line_of_the_log_cannot_be_taken_for_our_own_words() -> None:
    looking = look_at(machine(f"{HEAD}log 200\n {LINE}\n denied\n log 3\n\n"), config())
    assert not looking.observed(Unseen)
    assert len(looking.observed(LogLine)) == 1


@pytest.mark.parametrize("state", ["denied", "special"])
def test_what_may_not_be_read_is_said(state: str) -> None:
    looking = look_at(machine(f"{HEAD}{state}\n"), config(), FAILED)
    (unseen,) = looking.observed(Unseen)
    assert unseen.what == LOG
    assert unseen.enable == (
        f"sudo tail -c 65536 {LOG}" if state == "denied" else "journalctl -u nginx -n 100"
    )
    assert not looking.observed(ErrorLog)


def test_a_log_that_is_no_file_is_missed_only_after_a_failure() -> None:
    door, text = RecordedMachine(), f"error_log stderr; {SITE}"
    assert not look_at(door, config(text)).observations[1:]
    assert look_at(door, config(text), FAILED).observed(Unseen)[0].what == "stderr"


def test_a_log_without_the_errors_of_requests_is_missed_only_after_a_failure() -> None:
    """Control panels write `error_log … crit`."""
    door, text = machine(f"{HEAD}log 0\n\n"), f"error_log {LOG} crit; {SITE}"
    assert not look_at(door, config(text)).observed(Unseen)
    (unseen,) = look_at(door, config(text), FAILED).observed(Unseen)
    assert (unseen.what, unseen.why) == (LOG, "its level leaves the errors of requests out")
    both = text.replace("location /", "error_log /var/log/shop.log; location /")
    door = machine(f"{HEAD}log 0\n\nlog 0\n\n", LOG, "/var/log/shop.log")
    assert not look_at(door, config(both), FAILED).observed(Unseen)


def test_the_build_and_the_command_line_say_where_it_is_as_well() -> None:
    build = NginxBuild(binary="/n", prefix="/opt/n", arguments=("--prefix=/opt/n",))
    state = NginxState(
        installed=True,
        masters=(NginxProcess(pid=7, binary="/n", arguments=("-g", "error_log /run/e.log;")),),
    )
    ctx = Looking(machine(f"{HEAD}log 0\n\n", "/run/e.log"))
    ctx.observations += [build, state]
    asyncio.run(logs.error_logs.work(ctx, ctx.emit(config(SITE))))  # type: ignore[arg-type]
    assert ctx.observed(ErrorLog)[0].file == "/run/e.log"
    ctx = Looking(machine(f"{HEAD}log 0\n\n", "/opt/n/logs/error.log"))
    ctx.observations += [build]
    asyncio.run(logs.error_logs.work(ctx, ctx.emit(config(SITE))))  # type: ignore[arg-type]
    assert ctx.observed(ErrorLog)[0].file == "/opt/n/logs/error.log"


def again(*failed: Exchange | Upgrade | Handshake) -> list[ErrorLog]:
    ctx = Looking(machine(f"{HEAD}log 200\n {LINE}\n\n"))
    ctx.observations += [config(), *failed]
    kinds = {
        Exchange: logs.after_an_answer,
        Upgrade: logs.after_an_upgrade,
        Handshake: logs.after_a_handshake,
    }

    async def work() -> None:
        every = (kinds[type(one)].work(ctx, one) for one in failed)
        await asyncio.gather(*every)

    asyncio.run(work())
    return list(ctx.observed(ErrorLog))


def test_after_failures_that_come_together_it_is_read_once_more() -> None:
    closed = Handshake(address="203.0.113.10", port=443, failure=Failure("closed", "closed"))
    upgrade = Upgrade(
        url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443, status=502
    )
    assert [one.again for one in again(closed, FAILED, upgrade)] == [True]


def test_it_is_not_read_again_where_nothing_of_nginx_failed() -> None:
    fine = Exchange(url="https://a/x", address="x", port=80, purpose="path", status=404)
    untrusted = Handshake(address="x", port=443, failure=Failure("certificate", "expired", 10))
    old = Handshake(address="x", port=443, variant="old", failure=Failure("alert", "no", 70))
    assert not again(fine, untrusted, old)


@pytest.mark.parametrize("status", [403, 404])
def test_it_is_read_again_where_the_page_itself_is_refused(status: int) -> None:
    """The reason for it is only there: whether it is a fault, a check decides."""
    refused = Exchange(url="https://a/", address="203.0.113.10", port=443, status=status)
    assert [log.again for log in again(refused)] == [True]


PAGE = Exchange(url="https://a/", address="203.0.113.10", port=443, at=0.5, status=200)
TRY = UpstreamTry(target="http://127.0.0.1:3000", host="127.0.0.1", port=3000, at=0.7)
REFUSED_TRY = replace(TRY, failure=Failure("refused", "Connection refused", 111))


def error_log_at(at: float) -> ErrorLog:
    return ErrorLog(file=LOG, at=at, until=0.0, since=0.0, level="error")


def read_again_after(observation: Exchange | UpstreamTry, *before: Observation) -> list[bool]:
    """Whether the logs are read again, for an observation that comes after others."""
    ctx = Looking(machine(f"{HEAD}log 200\n {LINE}\n\n"))
    ctx.observations += [config(), *before, observation]
    work = logs.after_a_try if isinstance(observation, UpstreamTry) else logs.after_an_answer
    earlier = len(ctx.observed(ErrorLog))
    asyncio.run(work.work(ctx, observation))  # type: ignore[arg-type]
    return [log.again for log in ctx.observed(ErrorLog)][earlier:]


@pytest.mark.parametrize("down", [True, False])
def test_it_is_read_again_where_a_page_may_hide_that_its_application_is_down(down: bool) -> None:
    """nginx answers from error_page or a cache, whichever is seen first."""
    attempt = REFUSED_TRY if down else TRY
    assert read_again_after(attempt, PAGE) == [True] * down
    assert read_again_after(PAGE, attempt) == [True] * down


def test_it_is_read_again_for_a_page_that_came_after_the_last_reading() -> None:
    """Port 80 redirected, the application refused, the log was read: then the page came."""
    redirect = replace(PAGE, url="http://a/", port=80, at=0.1, status=301)
    readings = [error_log_at(at) for at in (0.05, 0.2)]
    late = replace(PAGE, at=0.5, took=0.2)
    assert read_again_after(late, redirect, REFUSED_TRY, *readings) == [True]
    assert not read_again_after(late, redirect, REFUSED_TRY, *readings, error_log_at(0.7))
    assert not read_again_after(REFUSED_TRY, late, error_log_at(0.8))


def test_the_limit_on_files_is_looked_at_where_they_ran_out() -> None:
    said = " 2026/11/24 18:01:00 [crit] 9#9: accept4() failed (24: Too many open files)"
    limits = "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024   4096   files\n"
    door = machine(f"{HEAD}log 99\n{said}\n\n", **{"/proc/9/limits": limits})
    (seen,) = look_at(door, config()).observed(OpenFiles)
    assert (seen.pid, seen.soft, seen.hard) == (9, 1024, 4096)


def test_the_script_reads_real_files(tmp_path: Path) -> None:
    log = tmp_path / "error.log"
    log.write_text(f"{LINE}\n" * 300)
    (tmp_path / "error.log.1").write_text("2026/11/20 08:00:00 [emerg] 7#7: unknown directive\n")
    paths = (str(log), str(tmp_path / "none.log"), str(tmp_path))
    ran = asyncio.run(LocalMachine().run("sh", "-c", logs.READ_SCRIPT, "sh", *paths))
    found = logs.parse_readings(ran.out, [LogDestination(path) for path in paths])
    assert [one.state for one in found] == ["log", "missing", "special"]
    assert found[0].clock
    assert {line.level for line in found[0].lines} == {"emerg", "error"}
    assert len(found[0].lines) in range(190, 302)
