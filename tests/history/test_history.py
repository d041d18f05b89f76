"""What earlier runs said: a run in one line, the file of such lines, and what changed since."""

import fcntl
import json
import os
import stat
import threading
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from diagnose.checking.root_cause import Status
from diagnose.history import (
    FingerprintChange,
    HistoryEntry,
    append_entry,
    change_text,
    changes_since_healthy,
    complete_kinds,
    history_path,
    known_targets,
    load_entries,
    make_entry,
    run_fingerprints,
    store,
)
from diagnose.history.entries import MAX_LINE, decode, encode
from diagnose.model import Evidence, Failure, Observation, Report, Target, Unseen, Vantage
from diagnose.model.dns import DnsAnswer
from diagnose.model.firewall import Firewalld, IpSet, Policy, PortRange, Zone
from diagnose.model.netfilter import Ruleset
from diagnose.model.nginx import (
    CertificateFile,
    ConfigFile,
    NginxConfig,
    NginxProcess,
    NginxState,
    UpstreamTry,
)
from diagnose.model.server import Listener, Listeners
from diagnose.parsers.target import parse_target
from tests.support.check_evidence import NOW, REFUSED, SHOP
from tests.support.report_builder import (
    ADDRESS,
    ANSWER,
    LEAF,
    NAME,
    SECURE,
    SERVER,
    WELL,
    healthy,
    refused,
    report,
)

URL = "https://shop.example.com/"
MAIN, CONF = "/etc/nginx/nginx.conf", "/etc/nginx/conf.d/shop.conf"
EDITED = NOW - timedelta(minutes=9)
HTTPS = PortRange(443, 443, "tcp")


def an_entry(status: Status = "ok", minutes: int = -60, **more: object) -> HistoryEntry:
    at = (NOW + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")
    one = HistoryEntry(at, URL, (), "", status, (), 0.3, {})
    return replace(one, **more)  # type: ignore[arg-type]


def an_hour_ago(*seen: Observation) -> HistoryEntry:
    """A run in which all was well. Of what proves that no more than `seen` is remembered here."""
    past = Report(Evidence(SHOP, NOW - timedelta(hours=1), (*seen, ANSWER)))
    return replace(make_entry(past), status="ok")


def changed(
    before: tuple[Observation, ...], after: tuple[Observation, ...]
) -> list[FingerprintChange]:
    return list(changes_since_healthy([an_hour_ago(*before)], URL, report(*after)))


def said(before: tuple[Observation, ...], after: tuple[Observation, ...]) -> list[str]:
    return [change_text(one, "en", NOW) for one in changed(before, after)]


def config(*files: tuple[str, str], at: datetime = EDITED) -> NginxConfig:
    return NginxConfig(
        path=MAIN, files=tuple(ConfigFile(path, text, at.timestamp()) for path, text in files)
    )


def listening(*sockets: Listener) -> Listeners:
    return Listeners(sockets=sockets)


def listener(port: int, process: str | None = "nginx", address: str = "0.0.0.0") -> Listener:
    return Listener(address=address, port=port, family=4, process=process)


def zone(*services: str, permanent: bool = False, name: str = "public") -> Zone:
    return Zone(name=name, permanent=permanent, services=services, interfaces=("eth0",))


RUNNING = Firewalld(running=True, default_zone="public")


def master(loaded: datetime) -> NginxState:
    process = NginxProcess(pid=1, binary="/usr/sbin/nginx", loaded=loaded.timestamp())
    return NginxState(installed=True, masters=(process,))


# A run in one line


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


# Prints


def test_a_healthy_visit_leaves_its_prints() -> None:
    assert run_fingerprints(healthy()) == {
        "address (IPv4)": ADDRESS,
        "certificate": "serial 01, until 2027-01-24 14:00 UTC",
    }


def test_addresses_are_as_dns_has_them_in_one_order() -> None:
    def answer(*records: str) -> DnsAnswer:
        return DnsAnswer(
            name=SHOP.host, rdtype="A", server="192.0.2.53", rcode="NOERROR", records=records
        )

    first, second = answer("192.0.2.1", "192.0.2.2"), answer("192.0.2.2", "192.0.2.1")
    assert run_fingerprints(report(NAME, first)) == {"address (IPv4)": "192.0.2.1, 192.0.2.2"}
    assert not changed((first,), (second,))
    assert run_fingerprints(report(answer()))["address (IPv4)"] == "none"


def test_an_address_that_was_given_is_nobodys_news() -> None:
    assert not run_fingerprints(report(replace(NAME, via="option")))


def test_what_is_on_the_server_leaves_prints_that_can_be_read() -> None:
    found = run_fingerprints(
        report(
            SERVER,
            master(NOW),
            CertificateFile(path="/etc/ssl/shop.pem", chain=(LEAF,)),
            RUNNING,
            replace(zone("ssh", "https"), ports=(HTTPS, PortRange(8000, 8100, "udp"))),
            Policy(name="in", permanent=True, ingress=("ANY",), egress=("HOST",)),
            IpSet(name="bad", permanent=False, entries=("192.0.2.9",)),
            UpstreamTry(target="http://a", host="::1", port=3000),
            UpstreamTry(target="http://b", host="", port=0, socket="/run/a", failure=REFUSED),
            config((MAIN, "events {}\n")),
            listening(listener(80), listener(443, None, "::"), listener(49152)),
        )
    )
    assert list(found.items()) == [
        ("server", "web1"),
        ("nginx loaded", "2026-11-24T12:00:00Z"),
        ("certificate in /etc/ssl/shop.pem", "serial 01, until 2027-01-24 14:00 UTC"),
        ("firewalld", "running; default zone public"),
        (
            "zone public (running)",
            "interface eth0; target default; service https; service ssh; "
            "port 443/tcp; port 8000-8100/udp",
        ),
        ("policy in (permanent)", "from ANY; to HOST; target CONTINUE"),
        ("set bad (running)", "entry 192.0.2.9"),
        ("application [::1]:3000", "open"),
        ("application unix:/run/a", "refused"),
        ("listener [::]:443", ""),
        (f"file {MAIN}", "b2496c33033e 2026-11-24T11:51:00Z"),
        ("listener 0.0.0.0:80", "nginx"),
    ]


def test_of_a_files_text_nothing_is_kept() -> None:
    secret = "proxy_set_header Authorization hunter2;\n-----BEGIN PRIVATE KEY-----\nMHcC"
    assert b"hunter2" not in encode(make_entry(report(config((CONF, secret)))))
    assert b"MHcC" not in encode(make_entry(report(config((CONF, secret)))))


def test_what_is_not_printable_becomes_so() -> None:
    (key, text) = next(
        iter(run_fingerprints(report(listening(listener(443, "ngi\x1b[31mnx")))).items())
    )
    assert (key, text) == ("listener 0.0.0.0:443", "ngi\ufffd[31mnx")


# Rules


def nft(*objects: object) -> Ruleset:
    return Ruleset(tool="nft", text=json.dumps({"nftables": [{"metainfo": {}}, *objects]}))


def rule(handle: int, packets: int, verdict: str = "accept", chain: str = "input") -> object:
    counter = {"counter": {"packets": packets, "bytes": packets}}
    return {"rule": {"chain": chain, "handle": handle, "expr": [counter, {verdict: None}]}}


def a_set(*elements: str, **more: object) -> object:
    return {"set": {"table": "filter", "name": "bad", "elem": list(elements), **more}}


def test_counters_and_handles_are_no_change_of_rules() -> None:
    assert not changed((nft(rule(3, 10)),), (nft(rule(9, 99)),))


def test_another_verdict_another_order_and_another_rule_are() -> None:
    accept, drop = rule(1, 1), rule(2, 1, "drop")
    assert said((nft(accept),), (nft(drop),)) == ["the packet filter's rules (nft) changed"]
    assert changed((nft(accept, drop),), (nft(drop, accept),))
    assert said((nft(accept),), (nft(accept, drop),)) == ["the packet filter's rules (nft): 1 → 2"]


def test_whom_the_rules_have_locked_out_for_a_while_is_no_change() -> None:
    bans = (a_set("192.0.2.1", flags=["timeout"]), rule(1, 0, "drop", "f2b-sshd"))
    more = (a_set("192.0.2.7", flags="dynamic"),)
    assert not changed((nft(),), (nft(bans[1]),))
    assert not changed(
        (nft(a_set("192.0.2.1", flags=["timeout"])),), (nft(a_set(flags=["timeout"])),)
    )
    assert not changed((nft(*more),), (nft(a_set(flags="dynamic")),))
    assert not changed((nft(a_set("192.0.2.1", "::1")),), (nft(a_set("::1", "192.0.2.1")),))
    assert changed((nft(a_set("192.0.2.1")),), (nft(a_set("192.0.2.2")),))


def test_iptables_is_compared_without_its_comments_and_counters() -> None:
    text = "# Generated on {day}\n*filter\n:INPUT DROP [{n}:{n}]\n[{n}:9] -A INPUT -j ACCEPT\n"
    before = Ruleset(tool="iptables", text=text.format(day="Monday", n=1))
    assert not changed((before,), (replace(before, text=text.format(day="Friday", n=22)),))
    opened = replace(before, text=before.text.replace("INPUT DROP", "INPUT ACCEPT"))
    assert changed((before,), (opened,))
    banned = replace(before, text=f"{before.text}[0:0] -A f2b-sshd -s 192.0.2.1/32 -j DROP\n")
    assert not changed((before,), (banned,))


def test_sets_of_addresses_are_compared_by_what_lasts() -> None:
    made = "create bad hash:ip family inet hashsize {size} maxelem 65536 initval 0x{size}\n"
    before = Ruleset(tool="ipset", text=f"{made.format(size=1024)}add bad ::1\nadd bad ::2\n")
    after = f"{made.format(size=2048)}add bad ::2\nadd bad ::1\nadd bad ::9 timeout 60\n"
    assert not changed((before,), (replace(before, text=after),))
    assert changed((before,), (replace(before, text=before.text.replace("::2", "::3")),))


def test_rules_that_are_no_json_are_compared_as_they_stand() -> None:
    before = Ruleset(tool="nft", text="no")
    assert changed((before,), (replace(before, text="[" * 99_999),))
    assert not changed((before,), (before,))


# What changed since all was well


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


# The file


def test_it_lies_where_states_lie() -> None:
    assert history_path({"HOME": "/h"}) == Path("/h/.local/state/diagnose/history.jsonl")
    given = {"HOME": "/h", "XDG_STATE_HOME": "/s"}
    assert history_path(given) == Path("/s/diagnose/history.jsonl")
    assert history_path({**given, "XDG_STATE_HOME": "s"}) == history_path({"HOME": "/h"})


def test_what_is_appended_is_loaded_the_newest_last(tmp_path: Path) -> None:
    path = tmp_path / "state" / "diagnose" / "history.jsonl"
    assert load_entries(path) == ()
    first, second = an_entry(minutes=-9), an_entry("critical", causes=("tcp.refused",))
    assert append_entry(path, first)
    assert append_entry(path, second)
    assert load_entries(path) == (first, second)


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "diagnose" / "history.jsonl"
    append_entry(path, an_entry())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def broken(**more: object) -> bytes:
    return json.dumps({**json.loads(encode(an_entry())), **more}).encode() + b"\n"


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"nonsense\n",
        b"[]\n",
        b"[" * 99_999 + b"\n",
        b"\xff\xfe\n",
        encode(an_entry())[:60] + b"\n",
        broken(history=2),
        broken(status="fine"),
        broken(at="yesterday"),
        broken(at="2026-11-24T12:00:00"),
        broken(target=None),
        broken(prints={"a": 1}),
        broken(prints=[]),
        broken(duration=float("nan")),
        broken(duration=10**400),
    ],
)
def test_lines_that_cannot_be_understood_are_passed_over(tmp_path: Path, line: bytes) -> None:
    path, one = tmp_path / "history.jsonl", an_entry()
    path.write_bytes(encode(one) + line + encode(one))
    assert load_entries(path) == (one, one)


def test_fields_of_a_later_version_are_passed_over() -> None:
    assert decode(broken(colour="red").decode()) == an_entry()


def test_a_line_that_was_cut_off_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(encode(an_entry())[:60])
    assert append_entry(path, an_entry())
    assert load_entries(path) == (an_entry(),)


def test_where_nothing_can_be_written_nothing_is_lost_but_history(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not append_entry(tmp_path / "file" / "history.jsonl", an_entry())
    assert load_entries(tmp_path / "file" / "history.jsonl") == ()
    assert not append_entry(tmp_path, an_entry())
    assert load_entries(tmp_path) == ()
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert not append_entry(fifo, an_entry())
    assert load_entries(fifo) == ()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "file")
    assert not append_entry(link, an_entry())
    assert not (tmp_path / "file").read_text()


def test_an_entry_that_is_too_long_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    assert not append_entry(path, an_entry(target="https://shop.example.com/" + "a" * MAX_LINE))
    assert not path.exists()


def test_one_who_writes_for_too_long_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "LOCK_TIMEOUT", 0.0)
    path = tmp_path / "history.jsonl"
    with path.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert not append_entry(path, an_entry())
    assert append_entry(path, an_entry())


def test_many_write_at_once_and_none_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the file is cut, and so is another one, again and again."""
    monkeypatch.setattr(store, "MAX_SIZE", 4096)
    monkeypatch.setattr(store, "LOCK_TIMEOUT", 60.0)
    path = tmp_path / "history.jsonl"

    def write(number: int) -> None:
        for minute in range(20):
            assert append_entry(
                path, an_entry("critical", minutes=minute, server=f"ssh://{number}")
            )

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    found = load_entries(path)
    assert len(found) == 80
    assert len(set(found_at(found))) == 80
    assert [one.name for one in tmp_path.iterdir()] == ["history.jsonl"]


def found_at(entries: tuple[HistoryEntry, ...]) -> list[tuple[str, str]]:
    return [(one.server, one.at) for one in entries]


def test_a_file_that_grew_too_large_keeps_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MAX_SIZE", 100)
    monkeypatch.setattr(store, "MAX_LINES", 3)
    path = tmp_path / "history.jsonl"
    for minute in range(5):
        assert append_entry(path, an_entry("critical", minutes=minute))
    assert load_entries(path) == tuple(an_entry("critical", minutes=minute) for minute in (2, 3, 4))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_prints_are_kept_of_the_last_good_run_of_each_kind_of_look() -> None:
    outside = an_entry("ok", -9, prints={"address (IPv4)": "::1"})
    inside = an_entry("ok", -8, prints={"server": "web1"}, looked=("file",))
    bad = an_entry("critical", -7, prints={"server": "web1"}, looked=("file",))
    newer = replace(inside, at=an_entry(minutes=-6).at)
    left = store.trimmed([outside, inside, bad, newer])
    assert left[0] == outside
    assert [one.prints for one in left[1:]] == [{}, {}, {"server": "web1"}]


def test_what_is_kept_is_bounded_whatever_it_is() -> None:
    many = {f"file /{number}": "a" * 300 for number in range(90)}
    entries = [an_entry(target=f"https://{n}.example.com/", prints=many) for n in range(100)]
    left = store.trimmed(entries)
    assert sum(len(encode(one)) for one in left) <= store.TRIMMED_SIZE
    assert left[-1] == entries[-1]
    assert len(left) < 100


# The targets there were


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
