"""Tracepoints as a kernel wrote them (kernel_events.json: its version, formats and rings), what
becomes of a SYN among them, and the traps: memory that is used again, events that look alike."""

import ast
import base64
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.probes.inside.kernel_drops import SCRIPT
from diagnose.probes.inside.shell.kernel_events import (
    COPY,
    DROPPED,
    RECEIVED,
    RESET,
    UNCLEAR,
    WORK,
    Event,
    Format,
    Syn,
    fate,
    read_events,
    read_syn,
)
from tests.support.lines_run import lines_run

RECORDED = json.loads(Path(__file__).with_name("kernel_events.json").read_text())
FORMATS = {kind: Format(text) for kind, text in RECORDED["formats"].items()}
RINGS = [
    zlib.decompress(base64.b64decode(ring)) for case in RECORDED["cases"] for ring in case["rings"]
]
ALWAYS = (0, 2**63)
SOFTIRQ, PROCESS = (0, 0x10), (77, 0)


@pytest.mark.parametrize("case", RECORDED["cases"], ids=lambda case: str(case["name"]))
def test_the_fate_of_a_syn_in_a_recording(case: dict[str, Any]) -> None:
    rings = [zlib.decompress(base64.b64decode(ring)) for ring in case["rings"]]
    syn, now = Syn(*case["syn"]), case["now"]
    processors = []
    for ring in rings:
        events, lost = read_events(ring, FORMATS, syn.at - COPY, now + WORK)
        assert not lost
        processors.append(events)
    outcome = fate(processors, syn, now)
    reason = FORMATS[DROPPED].names.get(outcome.reason, "") if outcome.location else ""
    assert [outcome.name, reason, outcome.reset] == case["fate"]


def test_the_layout_and_the_names_come_from_the_format() -> None:
    layout = FORMATS[DROPPED]
    assert layout.fields["reason"] == (36, 4)
    assert (layout.names[3], layout.names[12]) == ("NO_SOCKET", "NETFILTER_DROP")
    moved = RECORDED["formats"][DROPPED].replace(
        '{ 12, "NETFILTER_DROP" }', '{ 999, "NETFILTER_DROP" }'
    )
    assert Format(moved).names[999] == "NETFILTER_DROP"
    assert (layout.no_reason, Format("").no_reason) == (2, -1)


# Total, and linear


def test_a_ring_that_ends_anywhere_is_read_up_to_there() -> None:
    for ring in RINGS:
        whole = len(read_events(ring, FORMATS, *ALWAYS)[0])
        numbers = [len(read_events(ring[:end], FORMATS, *ALWAYS)[0]) for end in range(len(ring))]
        assert numbers == sorted(numbers)
        assert all(number < whole for number in numbers)


@given(st.binary(max_size=400), st.sampled_from(RINGS), st.integers(0, 300))
def test_readers_take_anything(noise: bytes, ring: bytes, at: int) -> None:
    data = ring[:at] + noise + ring[at + len(noise) :]
    events, _ = read_events(data, FORMATS, *ALWAYS)
    assert len(events) <= len(data) // 16
    read_syn(noise)
    Format(noise.decode("latin-1")).value(noise, "reason")


@given(st.text(max_size=400))
def test_a_format_may_be_anything(text: str) -> None:
    layout = Format(text + RECORDED["formats"][DROPPED][: len(text) * 5])
    assert layout.value(b"\1" * 8, "reason") >= 0


def test_a_ring_is_read_in_linear_time() -> None:
    ring = max(RINGS, key=len)

    def lines(times: int) -> int:
        data = ring * times
        return lines_run(lambda: read_events(data, FORMATS, *ALWAYS))

    assert lines(400) < 4.5 * lines(100)


def test_a_lost_event_is_noticed() -> None:
    lost = (2).to_bytes(4, "little") + b"\0\0" + (24).to_bytes(2, "little") + bytes(16)
    assert read_events(lost, FORMATS, *ALWAYS) == ([], True)


def test_the_script_is_python_of_2018() -> None:
    ast.parse(SCRIPT, feature_version=(3, 7))
    assert "diagnose" not in SCRIPT


# What is joined


def syn(at: int = 1_000_000, exact: bool = True) -> Syn:
    return Syn(at, exact, 60, "eth0", "198.51.100.10", 40000, "203.0.113.10", 1111)


def event(at: int, kind: str, skb: int = 1, value: Any = 60, context: Any = SOFTIRQ) -> Event:
    place: int | str = "eth0" if kind == RECEIVED else 99
    return Event(at, kind, skb, value, place, context)


ARRIVAL = event(999_000, RECEIVED)


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        ([event(1_005_000, DROPPED, value=12)], ("dropped", 12, False)),
        (
            [event(1_004_000, RESET, value=1), event(1_005_000, DROPPED, value=3)],
            ("dropped", 3, True),
        ),
        ([event(1_005_000, DROPPED, skb=2, value=12)], ("reply-dropped", 12, False)),
        # Its memory holds another packet by then.
        ([event(1_600_000, DROPPED, value=12)], ("passed", 0, False)),
        (
            [event(1_020_000, RECEIVED), event(1_025_000, DROPPED, value=12)],
            ("passed", 0, False),
        ),
        # A process sends, and that is dropped.
        ([event(1_020_000, DROPPED, value=12, context=PROCESS)], ("passed", 0, False)),
        ([], ("passed", 0, False)),
    ],
)
def test_what_belongs_to_a_syn(later: list[Event], expected: tuple[str, int, bool]) -> None:
    outcome = fate([[ARRIVAL, *later], []], syn(), 1_100_000)
    assert (outcome.name, outcome.reason, outcome.reset) == expected


def test_a_syn_that_comes_again_shows_what_became_of_its_answer() -> None:
    """For a half-open connection: the kernel answers it, and frees it without a reason."""
    reply = event(1_005_000, DROPPED, skb=2, value=12)
    freed = event(1_006_000, DROPPED, value=2)
    outcome = fate([[ARRIVAL, reply, freed]], syn(), 1_100_000, no_reason=2)
    assert (outcome.name, outcome.reason) == ("reply-dropped", 12)
    outcome = fate([[ARRIVAL, freed]], syn(), 1_100_000, no_reason=2)
    assert (outcome.name, outcome.reason) == ("dropped", 2)
    rejected = freed._replace(value=12)
    outcome = fate([[ARRIVAL, reply, rejected]], syn(), 1_100_000, no_reason=2)
    assert (outcome.name, outcome.reason) == ("dropped", 12)


def test_a_packet_of_another_length_or_interface_is_another() -> None:
    dropped = event(1_005_000, DROPPED, value=12)
    for strange in (ARRIVAL._replace(value=52), ARRIVAL._replace(place="lo")):
        assert fate([[strange, dropped]], syn(), 1_100_000) == UNCLEAR


def test_two_processors_that_differ_leave_it_unclear() -> None:
    dropped = event(1_005_000, DROPPED, value=12)
    twin = [event(998_000, RECEIVED, skb=5)]
    assert fate([[ARRIVAL, dropped], twin], syn(), 1_100_000) == UNCLEAR
    # Dropped before the copy of ours was made: it was another packet.
    twin.append(event(998_500, DROPPED, skb=5, value=3))
    assert fate([[ARRIVAL, dropped], twin], syn(), 1_100_000).reason == 12


def test_a_stamp_that_was_made_early_leaves_room_for_others() -> None:
    ours = [event(1_030_000, RECEIVED), event(1_035_000, DROPPED, value=12)]
    assert fate([ours], syn(exact=False), 1_100_000).reason == 12
    other = [event(1_010_000, RECEIVED, skb=7), event(1_012_000, DROPPED, skb=7, value=3)]
    assert fate([other + ours], syn(exact=False), 1_100_000) == UNCLEAR
