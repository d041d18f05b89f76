from dataclasses import replace

from diagnose.model import Applicability, Command, Confidence, Edit, Manual, Severity
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import FailedRequests
from diagnose.model.program_logs import ToldReason
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge

CHECK = "upstream.logged-reason"
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)
FAILED = FailedRequests(
    file="/var/log/nginx/access.log", method="POST", path="/media", status=500,
    written="29/Nov/2026:08:00:00 +0000", times=2,
)  # fmt: skip
DENIED = ToldReason(
    reason="denied", message="[Errno 13] Permission denied: '/srv/app/media/a'", endpoint="3000",
    process="puma", path="/srv/app/media/a", blocked="/srv/app/media", owner="0755 root:root",
    user="shop", equivalent="journalctl -u shop.service",
)  # fmt: skip
HINT = ToldReason(
    reason="variable", message="Host validation failed for: shop.example.com. Hint: Set the HOSTS",
    endpoint="3000", process="node", name="APP_HOSTS", value="shop.example.com",
    unit="shop.service", file="/etc/systemd/system/shop.service", number=4, line="[Service]",
    new="Environment=APP_HOSTS=shop.example.com", added=True, equivalent="docker logs shop",
)  # fmt: skip


def test_fires_for_a_folder_of_another_user() -> None:
    (claim,) = judge(CHECK, PAGE, FAILED, DENIED)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.WARNING)
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    (command,) = step.commands
    assert isinstance(command, Command)
    assert command.argv == ("chown", "-R", "shop:", "/srv/app/media")


def test_fires_for_a_folder_of_its_own_that_is_closed() -> None:
    own = replace(DENIED, owner="0555 shop:shop")
    written = replace(own, blocked="/srv/app/storage/logs")
    for told, words in (
        (own, ("chmod", "u+rwX", "/srv/app/media")),
        (written, ("chmod", "-R", "u+rwX", "/srv/app/storage")),
    ):
        (claim,) = judge(CHECK, PAGE, FAILED, told)
        assert claim.fix
        (command,) = claim.fix.steps
        assert isinstance(command, Command)
        assert command.argv == words


def test_fires_for_a_file_that_is_only_read_and_leaves_it_to_its_owner() -> None:
    read = replace(
        DENIED, blocked="/srv/app/media/a", access="read", group="990", owner="0640 root:root"
    )
    for told, words in (
        (read, [("chgrp", "990", read.blocked), ("chmod", "g+r", read.blocked)]),
        (replace(read, owner="0600 root:990"), [("chmod", "g+r", read.blocked)]),
        (replace(read, owner="0200 shop:shop"), [("chmod", "u+r", read.blocked)]),
    ):
        (claim,) = judge(CHECK, PAGE, FAILED, told)
        assert (claim.facts["reads"], claim.facts["writes"]) == (True, False)
        assert claim.fix
        assert claim.fix.applicability is Applicability.REVIEW
        assert [step.argv for step in claim.fix.steps if isinstance(step, Command)] == words
    (claim,) = judge(CHECK, PAGE, FAILED, replace(read, owner="0640 root:ssl-cert"))
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert (step.step, step.commands) == ("let-it-read", ())


def test_fires_with_the_variable_in_its_unit() -> None:
    (claim,) = judge(CHECK, PAGE, HINT)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit, _, restart = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "+Environment=APP_HOSTS=shop.example.com\n" in edit.diff
    assert isinstance(restart, Command)
    assert restart.argv == ("systemctl", "restart", "shop")


def test_no_folder_of_the_system_is_given_away() -> None:
    for told in (replace(DENIED, blocked="/srv"), replace(DENIED, enters=True)):
        (claim,) = judge(CHECK, PAGE, FAILED, told)
        assert claim.fix
        assert all(isinstance(step, Manual) and not step.commands for step in claim.fix.steps)


def test_the_text_says_where_the_line_stands() -> None:
    told = (DENIED, replace(DENIED, source="message"), replace(DENIED, source="page"))
    for each, named in zip(told, ("logged", "pasted", "shown"), strict=True):
        (claim,) = judge(CHECK, PAGE, FAILED, each)
        assert [key for key in ("logged", "pasted", "shown") if claim.facts[key]] == [named]


def test_fires_for_a_database_that_is_down() -> None:
    told = replace(DENIED, reason="unreached", host="127.0.0.1", port=5432, service="postgresql")
    (claim,) = judge(CHECK, PAGE, FAILED, told)
    assert claim.fix
    (start,) = claim.fix.steps
    assert isinstance(start, Command)
    assert start.argv == ("systemctl", "start", "postgresql")
    assert claim.facts["peer"] == "127.0.0.1:5432"


def test_silent_where_nothing_failed() -> None:
    assert not judge(CHECK, PAGE, DENIED)
    assert not judge(CHECK, PAGE, replace(FAILED, status=403), DENIED)


ENDED = Upgrade(
    url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443, status=101,
    accepted=True, ended="close", close_code=1011,
)  # fmt: skip
UNREACHED = replace(DENIED, reason="unreached", host="127.0.0.1", port=5901, service="vncserver")


def test_fires_for_a_websocket_that_ends_with_an_error() -> None:
    (claim,) = judge(CHECK, PAGE, UNREACHED, ENDED)
    assert claim.severity is None
    for ended in (
        replace(ENDED, close_code=4401),
        replace(ENDED, close_code=1000),
        replace(ENDED, ended=""),
    ):
        assert not judge(CHECK, PAGE, UNREACHED, ended)
    told = replace(SHOP, symptom=Symptom("websocket-closed", "code 1006", 1006))
    (claim,) = judge(CHECK, PAGE, UNREACHED, target=told)
    assert claim.facts["display"] == "1"


def test_fires_for_a_service_at_another_address() -> None:
    other = replace(UNREACHED, elsewhere=("[::1]",), service="guacd", port=4822)
    lines = ("ExecStart=", "ExecStart=/usr/sbin/guacd -f -b 127.0.0.1")
    (claim,) = judge(CHECK, PAGE, replace(other, command_lines=lines), ENDED)
    assert claim.facts["elsewhere"] == ("[::1]",)
    assert claim.fix
    assert claim.fix.steps[-1] == Command(
        ("systemctl", "restart", "guacd"),
        claim.fix.steps[-1].effect,  # type: ignore[union-attr]
    )
    (claim,) = judge(CHECK, PAGE, other, ENDED)
    assert claim.fix
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == ["one-address"]
