"""What changed since all was well."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from diagnose.history import FingerprintChange, change_text, changes_since_healthy, make_entry
from diagnose.model import Failure, Unseen, Vantage
from diagnose.model.firewall import Firewalld, Policy
from diagnose.model.netfilter import Ruleset
from diagnose.model.nginx import NginxState, UpstreamTry
from diagnose.model.server import Listeners
from tests.support.check_evidence import NOW, REFUSED
from tests.support.history_evidence import (
    CONF,
    EDITED,
    HTTPS,
    MAIN,
    RUNNING,
    URL,
    an_hour_ago,
    config,
    listener,
    listening,
    master,
    nft,
    said,
    zone,
)
from tests.support.report_builder import ADDRESS, ANSWER, LEAF, NAME, SECURE, SERVER, report


def test_nothing_changed_where_all_is_as_it_was() -> None:
    there = (SERVER, NAME, SECURE, RUNNING, zone("https"), config((MAIN, "")), master(NOW))
    assert said(there, there) == []


def test_without_a_good_run_there_is_nothing_to_compare_with() -> None:
    before = replace(an_hour_ago(config((MAIN, "a"))), status="critical")
    assert changes_since_healthy([before], URL, report(config((MAIN, "b")))) == ()
    assert changes_since_healthy([], URL, report(config((MAIN, "b")))) == ()
    other = replace(before, status="ok", target="https://blog.example.com/")
    assert changes_since_healthy([other], URL, report(config((MAIN, "b")))) == ()


def test_this_very_run_and_later_ones_are_not_compared_with() -> None:
    good = report(ANSWER, config((MAIN, "b")))
    later = replace(make_entry(good), at="2026-11-24T12:00:00.000001Z", prints={"server": "other"})
    before = an_hour_ago(config((MAIN, "a")))
    (change,) = changes_since_healthy([before, make_entry(good), later], URL, good)
    assert change.what == f"file {MAIN}"


def test_an_edited_file_is_told_with_its_time() -> None:
    before, after = config((MAIN, ""), (CONF, "a")), config((MAIN, ""), (CONF, "b"))
    assert said((before,), (after,)) == [f"{CONF} changed at 11:51:00"]


def test_one_that_was_written_anew_as_it_was_is_no_change() -> None:
    assert not said((config((MAIN, "")),), (config((MAIN, ""), at=NOW),))


def test_files_come_and_go() -> None:
    one, both = config((MAIN, "")), config((MAIN, ""), (CONF, ""))
    assert said((one,), (both,)) == [f"{CONF} is new, of 11:51:00"]
    assert said((both,), (one,)) == [f"{CONF} is gone"]


def test_a_file_that_may_not_be_read_now_is_not_gone() -> None:
    hidden = Unseen(what=CONF, why="needs root")
    assert not said((config((MAIN, ""), (CONF, "")),), (config((MAIN, "")), hidden))


def test_a_run_from_outside_does_not_say_that_what_is_inside_is_gone() -> None:
    inside = (SERVER, NAME, RUNNING, zone("https"), config((MAIN, "")), listening(listener(443)))
    assert not said(inside, (NAME,))
    assert not said((NAME,), inside)


def test_it_does_not_hide_the_last_good_look_inside_either() -> None:
    inside = an_hour_ago(NAME, config((MAIN, "a")))
    moved = replace(NAME, addresses=("203.0.113.99",))
    outside = replace(make_entry(report(moved)), at="2026-11-24T11:30:00Z", status="ok")
    now = report(moved, config((MAIN, "b")))
    assert [one.what for one in changes_since_healthy([inside, outside], URL, now)] == [
        f"file {MAIN}"
    ]


def test_another_server_is_not_compared_with_this_one() -> None:
    other = replace(SERVER, hostname="web2")
    before = (SERVER, NAME, config((MAIN, "a")), listening(listener(443)))
    moved = replace(NAME, addresses=("203.0.113.99",))
    after = (other, moved, config((MAIN, "b")), listening())
    assert said(before, after) == [f"the IPv4 address: {ADDRESS} → 203.0.113.99"]


def test_a_name_that_points_elsewhere_and_a_new_certificate_are_told() -> None:
    assert LEAF.not_after
    newer = replace(LEAF, serial="02", not_after=LEAF.not_after + timedelta(days=90))
    assert said((SECURE,), (replace(SECURE, chain=(newer,)),)) == [
        "the certificate served: serial 01, until 2027-01-24 14:00 UTC → "
        "serial 02, until 2027-04-24 14:00 UTC"
    ]


def test_a_door_that_is_shut_says_nothing_of_the_certificate() -> None:
    inside = replace(SECURE, vantage=Vantage.SERVER, chain=(replace(LEAF, serial="02"),))
    assert not said((SECURE,), (replace(SECURE, chain=(), failure=REFUSED),))
    assert not said((SECURE,), (inside,))


def test_a_reload_is_told_and_a_slightly_other_reckoning_is_none() -> None:
    then = NOW - timedelta(hours=5)
    assert said((master(then),), (master(EDITED),)) == [
        "nginx loaded its configuration at 11:51:00"
    ]
    assert not said((master(then),), (master(then + timedelta(seconds=1)),))


def test_nginx_starts_and_stops() -> None:
    stopped = NginxState(installed=True)
    assert said((master(NOW),), (stopped,)) == ["nginx does not run any more"]
    assert said((stopped,), (master(EDITED),)) == ["nginx was started at 11:51:00"]


def test_a_zone_tells_what_it_opens_no_more() -> None:
    assert said((RUNNING, zone("https", "ssh")), (RUNNING, zone("ssh"))) == [
        "zone public (running): no longer service https"
    ]
    there = replace(zone("https"), rich_rules=("rule drop",), ports=(HTTPS,))
    assert said((RUNNING, zone("http")), (RUNNING, there)) == [
        "zone public (running): no longer service http; "
        "now service https, port 443/tcp, rich rule drop"
    ]


def test_a_zone_too_long_to_be_kept_is_seen_to_change_all_the_same() -> None:
    rules = tuple(f"rule family=ipv4 source address=192.0.2.{n} drop" for n in range(99))
    before = replace(zone("https"), rich_rules=rules)
    after = replace(before, rich_rules=(*rules[:-1], "rule zzz"))
    assert said((before,), (after,)) == ["zone public (running) changed"]


def test_zones_of_which_one_cannot_be_seen_are_not_gone() -> None:
    both = (RUNNING, zone("https"), zone("https", permanent=True), zone(name="dmz"))
    assert said(both, (RUNNING, zone("https"))) == ["zone dmz (running) is gone"]
    assert said((RUNNING, zone("https")), both) == ["zone dmz (running) is new"]


def test_the_first_policy_is_new() -> None:
    policy = Policy(name="shut", permanent=False)
    assert said((RUNNING, zone()), (RUNNING, zone(), policy)) == ["policy shut (running) is new"]


def test_a_stopped_firewall_is_told_once() -> None:
    stopped = Firewalld(running=False)
    (line,) = said((RUNNING, zone("https")), (stopped,))
    assert line == "firewalld: no longer running, default zone public; now not running"


def test_who_listens_is_told() -> None:
    nothing, ours, theirs = listening(), listening(listener(443)), listening(listener(443, "caddy"))
    assert said((nothing,), (ours,)) == ["nginx now listens on 0.0.0.0:443"]
    assert said((ours,), (nothing,)) == ["nothing listens on 0.0.0.0:443 any more (nginx did)"]
    assert said((ours,), (theirs,)) == ["caddy listens on 0.0.0.0:443, where nginx did"]


def test_a_listener_whose_process_may_not_be_seen_did_not_change() -> None:
    seen, hidden = listening(listener(443)), listening(listener(443, None))
    assert not said((seen,), (hidden,))
    assert not said((hidden,), (seen,))
    assert said((listening(),), (hidden,)) == ["something now listens on 0.0.0.0:443"]


def test_what_could_not_be_listed_is_not_gone() -> None:
    failed = Listeners(failure=Failure("missing", "no ss"))
    assert not said((listening(listener(443)),), (failed,))
    too_large = Ruleset(tool="iptables", failure=Failure("too-large", "more"))
    assert not said((nft(), Ruleset(tool="iptables", text="*filter")), (nft(), too_large))
    hidden = Unseen(what="the rules of iptables-legacy", why="not installed")
    assert not said((nft(), Ruleset(tool="iptables-legacy", text="*filter")), (nft(), hidden))


def test_an_application_that_answers_no_more_is_told() -> None:
    there = UpstreamTry(target="http://127.0.0.1:3000", host="127.0.0.1", port=3000)
    assert said((there,), (replace(there, failure=REFUSED),)) == [
        "the application at 127.0.0.1:3000: open → refused"
    ]


@pytest.mark.parametrize(
    ("change", "chinese"),
    [
        (
            FingerprintChange(f"file {CONF}", "a", "b 2026-11-24T11:51:00Z"),
            f"{CONF} 于 11:51:00 被修改",
        ),
        (FingerprintChange(f"file {CONF}", "a", None), f"{CONF} 已不存在"),
        (FingerprintChange("address (IPv6)", "none", "::1"), "IPv6 地址：none → ::1"),
        (
            FingerprintChange("nginx loaded", "2026-11-24T11:51:00Z", "not running"),
            "nginx 已不再运行",
        ),
        (
            FingerprintChange("zone public (running)", "service https; service ssh", "service ssh"),
            "区域 public（运行时）：不再有 service https",
        ),
        (FingerprintChange("set bad (permanent)", None, "empty"), "新增 地址集 bad（永久）"),
        (FingerprintChange("listener [::]:443", None, "nginx"), "nginx 现在监听 [::]:443"),
        (FingerprintChange("telepathy", "a", "b"), "telepathy：不再有 a；新增 b"),
    ],
)
def test_it_is_said_in_chinese_too(change: FingerprintChange, chinese: str) -> None:
    assert change_text(change, "zh", NOW) == chinese


def test_times_are_told_in_the_readers_zone_and_of_another_day_with_the_date() -> None:
    change = FingerprintChange("file /a", "a", "b 2026-11-23T23:30:00Z")
    shanghai = NOW.astimezone(timezone(timedelta(hours=8)))
    assert change_text(change, "en", shanghai) == "/a changed at 07:30:00"
    assert change_text(change, "en", NOW) == "/a changed at 2026-11-23 23:30:00"
    assert change_text(change, "en") == "/a changed at 2026-11-23 23:30:00 UTC"
    far = FingerprintChange("file /a", "a", "b 9999-12-31T23:59:59Z")
    assert change_text(far, "en", shanghai) == "/a changed"


def test_what_is_said_can_be_shown() -> None:
    assert change_text(FingerprintChange("file /\x1b[2J", "a", None), "en") == "/\ufffd[2J is gone"
