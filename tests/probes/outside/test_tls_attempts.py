"""The command for each kind of handshake, and what a comparison leaves out."""

import asyncio

import pytest

from diagnose.model.tcp import Connection
from diagnose.model.tls import HandshakeVariant
from diagnose.net.tls import HandshakeResult
from diagnose.probes.outside.tls_attempts import Attempt

SIX = Connection(address="fd00::1", port=443, family=6)


@pytest.mark.parametrize(
    ("variant", "name", "command"),
    [
        ("normal", "a.test",
         "openssl s_client -connect '[fd00::1]:443' -servername a.test -showcerts </dev/null"),
        ("tls1.2", None,
         "openssl s_client -connect '[fd00::1]:443' -noservername -tls1_2 -showcerts </dev/null"),
        ("plain", "a.test",
         "curl -sS -g -H 'Host: a.test' 'http://[fd00::1]:443/'"),
    ],
)  # fmt: skip
def test_the_command_shakes_hands_the_same_way(
    variant: HandshakeVariant, name: str | None, command: str
) -> None:
    assert Attempt(SIX, variant, name, 0.0).started().equivalent == command


@pytest.mark.parametrize(("judged", "code"), [(True, 0), (False, None)])
def test_a_comparison_says_nothing_of_the_certificate(judged: bool, code: int | None) -> None:
    attempt = Attempt(SIX, "normal", None, 1.0, judged)
    result = asyncio.run(attempt.completed(HandshakeResult(0.5, verify_code=0)))
    assert (result.at, result.took, result.verify_code) == (1.0, 0.5, code)
