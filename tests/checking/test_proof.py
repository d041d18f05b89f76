"""Healthy only where it was seen to be healthy: what proves it, and that nothing less does."""

import asyncio
import importlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from diagnose.checking import conclusion, proof
from diagnose.checking.conclusion import conclude
from diagnose.checking.registry import all_checks
from diagnose.checking.registry import load_check as load
from diagnose.checking.verdicts import layer_statuses, verdict
from diagnose.cli.demo import DEFAULT_FAULT
from diagnose.cli.demo import embedded as demo
from diagnose.model import (
    Claim,
    Crash,
    Evidence,
    Failure,
    Observation,
    Report,
    Scope,
    Target,
    Unseen,
    Vantage,
)
from diagnose.model.events import Event, Observed
from diagnose.model.firewall import Firewalld, Zone
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.netfilter import RulesFile
from diagnose.model.server import Listener, Listeners
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.model.view import View
from diagnose.outputs.json import document
from diagnose.outputs.verdict_text import verdict_sentence
from diagnose.probes import AFTER_FAILURE, CLOUD, INSIDE, OUTSIDE, Probe
from diagnose.recording.codec import Recording, decode, encode
from tests.support.check_evidence import CHAT, NOW, SHOP, TIMEOUT
from tests.support.proven_site import (
    ANSWER_6,
    BOTH,
    NAME_6,
    OPEN_6,
    PAGE,
    PLAIN,
    SECURE_6,
    SIX,
    SOCKET,
)
from tests.support.report_builder import ANSWER, NAME, NO_IPV6, OPEN, SECURE, WELL

ALL = Scope()
HTTP = Target("http://shop.example.com/", "http", "shop.example.com", 80)


def report(*observations: Observation, target: Target = SHOP, scope: Scope = ALL) -> Report:
    return conclude(Evidence(target, NOW, observations, scope))


def status(*observations: Observation, target: Target = SHOP, scope: Scope = ALL) -> str:
    return verdict(report(*observations, target=target, scope=scope)).status


def steps(*observations: Observation, target: Target = SHOP, scope: Scope = ALL) -> list[str]:
    judged = verdict(report(*observations, target=target, scope=scope))
    return [f"{piece.step} {' '.join(piece.places)}".rstrip() for piece in judged.missing]


def inside(*observations: Observation) -> tuple[Observation, ...]:
    return tuple(replace(look, vantage=Vantage.SERVER) for look in observations)


LISTENING = Listeners(
    vantage=Vantage.SERVER, sockets=(Listener(address="0.0.0.0", port=443, family=4),)
)
INSIDE_ONLY = Scope(outside=False)

#: The name stands in the place of its addresses.
BY_PROXY = (
    replace(NAME, via="proxy", addresses=(SHOP.host,)),
    *(replace(look, address=SHOP.host) for look in (OPEN, SECURE, ANSWER)),
)

#: Healthy evidence of each kind: the target, what was asked to be judged, and what was seen.
HEALTHY: dict[str, tuple[Target, Scope, tuple[Observation, ...]]] = {
    "https": (SHOP, Scope(), WELL),
    "two-addresses": (SHOP, Scope(), BOTH),
    "ipv4-only": (SHOP, Scope(family=4), (NAME, OPEN, SECURE, ANSWER)),
    "literal": (
        replace(SHOP, host="shop.example.com"),
        Scope(),
        (replace(NAME, via="option"), OPEN, SECURE, ANSWER),
    ),
    "proxy": (SHOP, Scope(), BY_PROXY),
    "wss": (CHAT, Scope(), (NAME, NO_IPV6, OPEN, SECURE, SOCKET)),
    "ws-path": (replace(SHOP, websockets=("/ws",)), Scope(), (*WELL, SOCKET)),
    "http": (
        HTTP,
        Scope(),
        (NAME, NO_IPV6, replace(OPEN, port=80), replace(PAGE, purpose="target", status=200)),
    ),
    "inside": (SHOP, INSIDE_ONLY, (LISTENING, *inside(SECURE, ANSWER))),
    "only-dns": (SHOP, Scope(only=("dns",)), (NAME, NO_IPV6)),
    "only-tcp": (SHOP, Scope(only=("tcp",)), (NAME, NO_IPV6, OPEN)),
    "skip-http": (SHOP, Scope(skip=("http",)), (NAME, NO_IPV6, OPEN, SECURE)),
}
CASES = pytest.mark.parametrize("case", HEALTHY)


@CASES
def test_what_was_seen_whole_is_healthy(case: str) -> None:
    target, scope, seen = HEALTHY[case]
    assert steps(*seen, target=target, scope=scope) == []
    assert status(*seen, target=target, scope=scope) == "ok"


@CASES
def test_without_any_one_piece_it_is_not(case: str) -> None:
    target, scope, seen = HEALTHY[case]
    for number in range(len(seen)):
        less = seen[:number] + seen[number + 1 :]
        assert status(*less, target=target, scope=scope) != "ok", seen[number]


@CASES
def test_cut_after_any_look_but_the_last_it_is_not(case: str) -> None:
    target, scope, seen = HEALTHY[case]
    for length in range(len(seen)):
        assert status(*seen[:length], target=target, scope=scope) != "ok", length


@CASES
def test_where_any_piece_failed_it_is_not(case: str) -> None:
    target, scope, seen = HEALTHY[case]
    for number, look in enumerate(seen):
        if look is NO_IPV6:
            continue
        failed = replace(look, failure=TIMEOUT)
        changed = (*seen[:number], failed, *seen[number + 1 :])
        assert status(*changed, target=target, scope=scope) != "ok", look


def probes() -> Iterator[str]:
    """The name of every probe that there is."""
    for package, modules in (("outside", (*OUTSIDE, CLOUD)), ("inside", (*INSIDE, *AFTER_FAILURE))):
        for name in modules:
            module = importlib.import_module(f"diagnose.probes.{package}.{name}")
            yield from (var.name for var in vars(module).values() if isinstance(var, Probe))


@CASES
def test_no_run_is_healthy_whose_probe_crashed_or_had_no_time(case: str) -> None:
    target, scope, seen = HEALTHY[case]
    whole = report(*seen, target=target, scope=scope)
    names = [*probes(), *(check.id for check in all_checks())]
    assert len(names) > 150
    for name in names:
        crashed = replace(whole, crashes=(Crash(name, "ValueError: no"),))
        assert verdict(crashed).status == "unknown", name
    for why in (proof.DEADLINE, proof.INTERRUPTED):
        rest = Unseen(what=proof.REST_OF_RUN, why=why)
        for length in range(len(seen) + 1):
            assert status(*seen[:length], rest, target=target, scope=scope) != "ok"
    assert verdict(replace(whole, interrupted=True)).status == "unknown"
    assert verdict(replace(whole, running=True)).status == "unknown"


def test_a_check_that_crashes_makes_it_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Evidence) -> Iterator[Claim]:
        raise ValueError("no")
        yield

    kinds: set[type[Observation]] = {type(seen) for seen in WELL}
    faulty_kinds: set[type[Observation]] = {type(seen) for seen in WELL if seen.shows_fault}
    for check in all_checks():
        if check.runs_on(kinds, faulty_kinds, has_message=False):
            made = replace(check, judge=broken)
            monkeypatch.setattr(
                conclusion,
                "load_check",
                lambda name, made=made: made if name == made.id else known(name),
            )
            whole = report(*WELL)
            assert whole.crashes, check.id
            assert verdict(whole).status == "unknown", check.id


known = load


def test_what_crashed_is_not_whole_in_a_recording_either() -> None:
    crash = Unseen(what="outside.tls.handshake", why=proof.CRASHED)
    again = decode(encode(Recording(Evidence(SHOP, NOW, (*WELL, crash))))).evidence
    assert verdict(conclude(again)).unfinished == ("crash",)
    only = Evidence(SHOP, NOW, (NAME,), Scope(only=("dns",), family=4))
    assert verdict(conclude(decode(encode(Recording(only))).evidence)).status == "ok"


def test_a_deadline_keeps_the_cause_that_was_found() -> None:
    refused = replace(OPEN, failure=Failure("refused", "Connection refused", 111, "ECONNREFUSED"))
    rest = Unseen(what=proof.REST_OF_RUN, why=proof.DEADLINE)
    judged = verdict(report(NAME, NO_IPV6, refused, rest))
    assert (judged.status, judged.causes[0].check.id) == ("critical", "tcp.refused")


def test_port_80_proves_nothing_of_an_https_target() -> None:
    seen = (NAME, NO_IPV6, PLAIN, PAGE)
    assert steps(*seen) == ["connection 203.0.113.10:443"]
    states = dict(layer_statuses(report(*seen)))
    assert (states["dns"], states["tcp"], states["http"]) == ("ok", "unknown", "unknown")


def test_what_is_missing_is_named_for_each_address_by_its_first_step() -> None:
    assert steps(NAME, NAME_6, OPEN, SECURE) == [
        f"connection [{SIX}]:443",
        "answer 203.0.113.10:443",
    ]
    assert steps(NAME, OPEN, SECURE, ANSWER) == ["addresses shop.example.com (IPv6)"]
    assert steps() == ["addresses shop.example.com"]


def test_the_verdict_says_how_a_websocket_was_refused() -> None:
    refused = replace(SOCKET, accepted=False, status=401, reason="Unauthorized", fault="status")
    judged = report(*WELL, refused, target=replace(SHOP, websockets=("/ws",)))
    assert verdict(judged).status == "unknown"
    assert "401 Unauthorized" in verdict_sentence(judged, "en")


def test_a_view_from_the_server_proves_nothing_of_what_visitors_meet() -> None:
    assert status(LISTENING, *inside(SECURE, ANSWER)) != "ok"
    assert steps(*inside(SECURE, ANSWER), scope=INSIDE_ONLY) == ["listener 443/tcp"]


def test_what_was_asked_for_and_not_seen_is_unknown() -> None:
    assert steps(*WELL, scope=Scope(only=("nginx",))) == ["layer"]
    assert steps(*WELL, scope=Scope(only=("websocket",))) == ["layer"]


def test_a_firewall_whose_rules_were_not_read_is_unknown() -> None:
    """As for a user without root: the files and "firewalld does not run" tell nothing of now."""
    seen = (
        RulesFile(path="/etc/nftables.conf", vantage=Vantage.SERVER),
        Firewalld(running=False, vantage=Vantage.SERVER),
    )
    unread = report(*WELL, *seen)
    assert dict(layer_statuses(unread))["firewall"] == "unknown"
    assert verdict(unread).status == "ok"
    assert verdict_sentence(unread, "en").endswith("is healthy. Not judged: firewall.")
    zone = Zone(name="public", permanent=False, vantage=Vantage.SERVER)
    assert dict(layer_statuses(report(*WELL, *seen, zone)))["firewall"] == "ok"


def test_the_verdict_says_how_far_it_goes() -> None:
    only = report(NAME, NO_IPV6, scope=Scope(only=("dns",)))
    url = "https://shop.example.com/"
    assert verdict_sentence(only, "en") == f"{url}: DNS healthy. Nothing else was judged."
    assert "TCP" in verdict_sentence(report(*WELL, scope=Scope(skip=("tcp",))), "en")
    within = report(LISTENING, *inside(SECURE, ANSWER), scope=INSIDE_ONLY)
    assert "not judged" in verdict_sentence(within, "en")


def test_a_document_says_what_is_missing_and_how_to_look_for_it() -> None:
    rest = Unseen(
        what=proof.REST_OF_RUN, why=proof.DEADLINE, enable=f"diagnose {SHOP.url} --timeout 30"
    )
    whole = report(NAME, NO_IPV6, PLAIN, rest)
    for lang, what in (("en", "a connection to 203.0.113.10:443"), ("zh", "203.0.113.10:443")):
        made = document(whole, View(lang=lang))
        assert what in made["verdict"]["summary"]
        assert made["verdict"]["exit_code"] == 3
        assert all(thing["enable"].startswith("diagnose ") for thing in made["unknown"])
        assert any(what in thing["what"] for thing in made["unknown"])
        (tcp,) = (layer for layer in made["layers"] if layer["layer"] == "tcp")
        assert tcp["status"] == "unknown"
        assert what in tcp["reason"]
    stopped = replace(whole, interrupted=True, signal=2)
    assert document(stopped, View())["verdict"]["exit_code"] == 130


def test_an_unfinished_layer_has_no_tick_while_it_runs() -> None:
    observations: tuple[Observation, ...] = ()
    for look in BOTH:
        observations = (*observations, look)
        states = dict(layer_statuses(Report(Evidence(SHOP, NOW, observations), running=True)))
        done = {name for name, state in states.items() if state == "ok"}
        assert ("tcp" in done) is (OPEN_6 in observations)
        assert ("tls" in done) is (SECURE_6 in observations)
        assert ("http" in done) is (ANSWER_6 in observations)
    looks = (*BOTH, LISTENING)
    assert (
        dict(layer_statuses(Report(Evidence(SHOP, NOW, looks), running=True)))["listener"]
        == "running"
    )


def test_the_demonstration_cut_after_each_look_is_never_healthy() -> None:
    """A real run of real servers: its only fault shows when its WebSocket is refused."""
    observations: list[Observation] = []

    def sink(event: Event) -> None:
        if isinstance(event, Observed):
            observations.append(event.observation)

    asyncio.run(demo.run(sink))
    kinds = {type(look) for look in observations}
    assert {Connection, Handshake, Exchange, Upgrade} <= kinds
    for length in range(len(observations) + 1):
        cut = Evidence(demo.target_of(DEFAULT_FAULT), NOW, tuple(observations[:length]))
        assert verdict(conclude(cut)).status != "ok"


#: Recorded in the laboratory: the healthy site with its WebSocket, from the client and on the
#: server itself.
RECORDINGS = Path(__file__).parents[1] / "recordings"


@pytest.mark.parametrize("name", ["healthy-outside", "healthy-server"])
def test_a_recording_is_healthy_from_the_look_on_that_completes_the_proof(name: str) -> None:
    whole = decode((RECORDINGS / f"{name}.ndjson").read_text("utf-8")).evidence
    seen = whole.observations
    assert verdict(conclude(whole)).status == "ok"
    needed = [
        number
        for number in range(len(seen))
        if _status(whole, seen[:number] + seen[number + 1 :]) == "unknown"
    ]
    kinds = {type(seen[number]).__name__ for number in needed}
    assert kinds >= {"Resolution", "Connection", "Handshake", "Exchange", "Upgrade"}
    for length in range(len(seen) + 1):
        proven = length > max(needed)
        assert (_status(whole, seen[:length]) == "ok") is proven, length


def _status(whole: Evidence, observations: tuple[Observation, ...]) -> str:
    report = Report(replace(whole, observations=observations))
    return verdict(report).status


def test_an_empty_page_is_said() -> None:
    empty = replace(ANSWER, method="GET", headers=(("Content-Length", "0"),))
    observations = [empty if each is ANSWER else each for each in WELL]
    said = verdict_sentence(report(*observations), "en")
    assert "the page is empty" in said.lower()
    assert said.endswith("Nothing shows that this is a fault.")
    assert verdict_sentence(report(*WELL), "en").endswith("is healthy.")
