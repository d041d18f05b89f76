"""An echo request to this machine. Skipped where no socket for it is permitted."""

import socket
from pathlib import Path

import pytest

from diagnose.net.ping import checksum
from tests.exporter.test_other_probers import probe


def is_permitted() -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP).close()
        except PermissionError:
            continue
        return True
    return False


@pytest.mark.skipif(not is_permitted(), reason="this user may not send echo requests")
def test_this_machine_replies(tmp_path: Path) -> None:
    seen = probe(tmp_path, "127.0.0.1", "icmp", payload_size=100, ttl=5, dont_fragment=True)
    assert seen.value("probe_success") == 1
    assert seen.value("probe_icmp_reply_hop_limit") == 64
    assert (seen.value("probe_icmp_duration_seconds", phase="rtt") or 0) > 0


def test_the_checksum_of_an_example() -> None:
    """RFC 1071 section 3: the sum of its numbers is ddf2."""
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF - 0xDDF2
