"""websocket.refused-in-front: when it fires, and when it is silent."""

import pytest

from diagnose.model import Confidence
from tests.support.check_evidence import CHAT, judge
from tests.support.front_evidence import EDGE, behind, edge_handshake, edge_socket, local

CHECK = "websocket.refused-in-front"
OWN = local("websocket", path="/ws", status=101, accepted=True)


@pytest.mark.parametrize("status", [200, 400, 403, 404, 426])
def test_fires_where_it_opens_here_and_not_in_front(status: int) -> None:
    observations = behind(edge_handshake(), edge_socket(status), local(), OWN)
    (claim,) = judge(CHECK, *observations, target=CHAT)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["addresses"] == (EDGE,)


def test_silent_where_it_does_not_open_here_either() -> None:
    refused = local("websocket", path="/ws", status=426)
    observations = behind(edge_handshake(), edge_socket(), local(), refused)
    assert not judge(CHECK, *observations, target=CHAT)


def test_silent_where_it_opens_in_front() -> None:
    observations = behind(edge_handshake(), edge_socket(101, accepted=True), local(), OWN)
    assert not judge(CHECK, *observations, target=CHAT)


def test_silent_where_the_address_is_this_servers() -> None:
    observations = behind(edge_handshake(), edge_socket(), local(), OWN, own=EDGE)
    assert not judge(CHECK, *observations, target=CHAT)
