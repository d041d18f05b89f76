"""A run in one line."""

from diagnose.history import complete_kinds, known_targets, make_entry, run_fingerprints
from diagnose.history.entries import MAX_LINE, decode, encode
from diagnose.model import Evidence, Report, Target
from diagnose.parsers.target import parse_target
from tests.support.check_evidence import NOW
from tests.support.history_evidence import CONF, MAIN, RUNNING, URL, an_entry, config, zone
from tests.support.report_builder import NAME, SECURE, SERVER, WELL, refused, report


def test_an_entry_tells_what_a_run_said() -> None:
    one = make_entry(refused(), "ssh://root@web1")
    assert (one.at, one.target, one.server) == ("2026-11-24T12:00:00Z", URL, "ssh://root@web1")
    assert (one.status, one.causes, one.duration) == ("critical", ("tcp.door-shut",), 0.312)


def test_its_target_is_read_again_as_it_was() -> None:
    target = Target("x", "wss", "shop.example.com", 8443, "/ws", ("/ws", "/chat"))
    one = make_entry(Report(Evidence(target, NOW)))
    again = parse_target(one.target, one.websockets)
    assert (again.url, again.websockets) == (target.url, target.websockets)


def test_an_interrupted_run_did_not_see_that_all_is_well() -> None:
    assert make_entry(report(*WELL)).status == "ok"
    assert make_entry(report(*WELL, interrupted=True)).status == "unknown"


def test_it_comes_back_from_its_line_as_it_was() -> None:
    one = make_entry(
        report(NAME, SECURE, SERVER, config((MAIN, "events {}")), RUNNING, zone("https"))
    )
    assert decode(encode(one).decode()) == one


def test_a_line_is_never_too_long_and_says_of_no_kind_that_it_is_whole_which_it_cut() -> None:
    files = [(f"/etc/nginx/{'long' * 20}/{number}.conf", "") for number in range(800)]
    found = report(RUNNING, zone("https"), config(*files, (CONF, "shop.example.com")))
    one = make_entry(found)
    assert len(encode(one)) <= MAX_LINE < 32 * 1024
    assert len(one.prints) < len(run_fingerprints(found))
    assert f"file {CONF}" in one.prints
    assert "file" in complete_kinds(found)
    assert one.looked == ("policy (running)", "zone (running)")


def test_targets_are_told_once_the_most_recent_first() -> None:
    blog = "https://blog.example.com/"
    runs = [
        an_entry("ok", -9),
        an_entry("ok", -8, target=blog),
        an_entry("critical", -7, websockets=("/ws",), server="ssh://web1"),
    ]
    shop, other = known_targets(runs)
    assert (shop.target, shop.status, shop.at) == (URL, "critical", runs[2].at)
    assert (shop.websockets, shop.server, shop.recent_statuses) == (
        ("/ws",),
        "ssh://web1",
        ("ok", "critical"),
    )
    assert (other.target, other.recent_statuses) == (blog, ("ok",))
    assert known_targets([]) == ()


def test_a_strip_is_of_the_last_runs() -> None:
    runs = [an_entry("ok", minute) for minute in range(9)] + [an_entry("warning", 10)]
    assert known_targets(runs, limit=3)[0].recent_statuses == ("ok", "ok", "warning")
