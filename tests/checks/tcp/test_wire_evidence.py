"""Twenty-one measured cases of a client and a server (wire_evidence.json): how the attempt ended,
what the server saw on the wire, which counters moved, what listens; and what the checks together
make of each. No rules were read: where only they could name the cause, the general finding has to
be true.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from diagnose.checking.conclusion import conclude
from diagnose.model import Failure, Finding, Observation, Vantage
from diagnose.model.kernel import Capture, MarkedSyn, Queue
from diagnose.model.server import Listener, Listeners, Route
from diagnose.model.tcp import Connection, IcmpError
from diagnose.model.tls import Handshake
from tests.support.check_evidence import evidence
from tests.support.server_tcp_evidence import (
    ADDRESS,
    FAR,
    PUBLISHED,
    arrival,
    counters,
    half_open,
    host,
    kernel,
    nic,
    queues,
)
from tests.support.tcp_evidence import HERE, ROUTER

CASES = json.loads(Path(__file__).with_name("wire_evidence.json").read_text())
CLIENT, MARK = HERE[4], 1111
#: The root cause and the facts that each verdict must come to.
EXPECTED: dict[str, tuple[str | None, dict[str, object]]] = {
    "OK": (None, {}),
    "NO_LISTENER": ("listener.missing", {}),
    "LOOPBACK_ONLY": ("listener.loopback-only", {}),
    "UPSTREAM_DROP": ("tcp.never-arrives", {}),
    "UPSTREAM_REJECT": ("tcp.rejected-by-router", {}),
    "HOST_FW_REJECT": ("tcp.rejected-by-host", {}),
    "HOST_FW_RESET": ("tcp.refused", {"filtered": True, "led_away": False}),
    "DNAT_NO_TARGET": ("tcp.refused", {"filtered": False, "led_away": True}),
    "HOST_DROP": ("tcp.timeout", {"dropped_here": True, "answered": False}),
    "HOST_EGRESS_DROP": ("tcp.timeout", {"reply_dropped_here": True, "dropped_here": False}),
    "REPLY_LOST": ("tcp.timeout", {"answered": True, "dropped_here": False}),
    "ACCEPT_QUEUE_FULL": ("tcp.accept-queue-full", {}),
    "RP_FILTER": ("tcp.reverse-path-filter", {}),
    "NO_RETURN_ROUTE": ("tcp.no-return-route", {}),
    "TLS_SNI_RESET": ("tls.reset", {}),
}
#: Cases that another check names with the same right: a reject by port-unreachable is a refusal,
#: and below XDP a host looks like one that is gone.
OTHERS = {
    "R host REJECT default icmp port-unreachable, listener up": ("tcp.refused", {"icmp": True}),
    "O XDP_DROP skb": ("tcp.host-down", {}),
    "O XDP_DROP drv": ("tcp.host-down", {}),
}


def root_cause(observations: list[Observation]) -> Finding | None:
    causes = conclude(evidence(*observations)).causes
    assert len(causes) <= 1
    return next(iter(causes), None)


def case_evidence(case: dict[str, Any]) -> list[Observation]:
    wire, snmp, listener = case["wire"], case["snmp"], case["listener"]
    observations: list[Observation] = [PUBLISHED, host(), kernel(client=CLIENT), *inside(case)]
    observations.append(Listeners(vantage=Vantage.SERVER, sockets=sockets(listener or "")))
    names = [name.partition(".")[2] for name in snmp if not name.startswith("Icmp")]
    before = dict.fromkeys((*names, "OutRsts"), 100)
    after = {name: 100 + snmp.get(f"Tcp.{name}", snmp.get(f"TcpExt.{name}", 0)) for name in before}
    observations.append(counters(at=0.1, **before))
    observations += attempts(case)
    observations.append(counters(at=9.0, **after))
    if case["client"].get("errno", "") is None:  # a time-out: only then the server watches
        observations.append(watched(wire))
    return observations


def sockets(text: str) -> tuple[Listener, ...]:
    address, colon, port = text.partition(":")
    if not colon:
        return ()
    return (Listener(vantage=Vantage.SERVER, address=address, port=int(port), family=4),)


def attempts(case: dict[str, Any]) -> list[Observation]:
    client = case["client"]
    if client.get("tcp") == "ok" or "tls" in client:
        return [Connection(address=ADDRESS, port=443, family=4, source=CLIENT), *handshakes(client)]
    kinds = {"ECONNREFUSED": "refused", "EHOSTUNREACH": "unreachable", None: "timeout"}
    numbers = {"ECONNREFUSED": 111, "EHOSTUNREACH": 113}
    failure = Failure(kinds[client["errno"]], client["err"], numbers.get(client["errno"]))  # type: ignore[arg-type]
    common: dict[str, Any] = {
        "address": ADDRESS,
        "port": 443,
        "family": 4,
        "failure": failure,
        "took": client["ms"] / 1000,
        "source": CLIENT,
        "icmp": icmp_error(case),
    }
    return [
        Connection(at=0.0, **common),
        Connection(at=4.0, purpose="again", mss=MARK, **common),
    ]


def icmp_error(case: dict[str, Any]) -> IcmpError | None:
    """As the case's name says it: the reject's code, and who sent it."""
    if case["wire"].get("icmp_unreach_out"):
        return IcmpError(4, 3, case["wire"]["icmp_unreach_out"][0], ADDRESS)
    if case["expect"] == "UPSTREAM_REJECT":
        return IcmpError(4, 3, 10, ROUTER[4])
    return IcmpError(4, 3, 1, ROUTER[4]) if "XDP" in case["case"] else None


def handshakes(client: dict[str, Any]) -> list[Observation]:
    failure = None
    if "err" in client:
        failure = Failure("reset", client["err"], 104, "ECONNRESET")
    name = "shop.example.com"
    return [Handshake(address=ADDRESS, port=443, server_name=name, failure=failure)]


def watched(wire: dict[str, Any]) -> Capture:
    def receivers(name: str) -> tuple[str, ...]:
        return (CLIENT,) if wire.get(name) else ()

    return Capture(
        vantage=Vantage.SERVER,
        at=4.0,
        took=4.6,
        begun=4.0,
        ended=8.5,
        port=443,
        sources=receivers("syn_in"),
        marked=(MarkedSyn(CLIENT, 443, MARK),) if MARK in wire.get("mss", ()) else (),
        answered=receivers("synack_out"),
        reset=receivers("rst_out"),
        rejected=receivers("icmp_unreach_out"),
        control=True,
    )


def inside(case: dict[str, Any]) -> list[Observation]:
    """What a look inside adds, where the wire and the counters alone do not name the cause."""
    match case["expect"]:
        case "RP_FILTER":
            second = nic("eth1", "192.0.2.10", default=(4,))
            said = "Invalid cross-device link"
            return [nic(default=()), second, arrival(ADDRESS, "eth0", FAR, said)]
        case "NO_RETURN_ROUTE":
            failure = Failure("unreachable", "Network is unreachable", 101)
            route = Route(
                vantage=Vantage.SERVER, source=ADDRESS, towards=FAR, family=4, failure=failure
            )
            return [nic(default=()), route]
        case "ACCEPT_QUEUE_FULL":
            return [nic(), queues(Queue("0.0.0.0", 443, 3, 2))]
        case "HOST_EGRESS_DROP":
            return [nic(), half_open(CLIENT)]
    return [nic()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["case"]))
def test_the_cause_of_a_measured_case(case: dict[str, Any]) -> None:
    expected, facts = OTHERS.get(case["case"], EXPECTED[case["expect"]])
    cause = root_cause(case_evidence(case))
    assert (cause.check.id if cause else None) == expected
    if cause:
        assert {name: cause.claim.facts[name] for name in facts} == facts


#: The same cases on real servers, from the client with `--server`: scenarios of the laboratory. "A"
#: is its healthy site.
PLAYED = {
    "B": "no_block_for_443",
    "C": "security_group_drops_443",
    "D": "iptables_reject_before_accept",
    "D2": "https_closed_in_firewalld",
    "E": "a_table_of_its_own_drops_443",
    "F": "a_table_after_firewalld_resets_443",
    "G": "nginx_listens_on_loopback_only",
    "H": "program_that_never_accepts",
    "I": "middlebox_resets_hellos",
    "J": "network_acl_drops_replies",
    "J2": "answers_are_dropped",
    "K": "second_uplink_is_filtered_strictly",
    "L": "dropped_at_the_network_card",
    "N": "router_rejects_443",
    "O": "xdp_program_drops_443",
    "P": "server_has_no_default_route",
    "Q": "nat_leads_to_nothing",
    "R": "iptables_rejects_443",
}


def test_each_case_is_played_in_the_laboratory() -> None:
    from tests.lab.scenario import found

    letters = {case["case"].split()[0] for case in CASES} - {"A", "I2"}
    assert letters == set(PLAYED)
    assert not set(PLAYED.values()) - set(found())
