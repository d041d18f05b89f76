"""Evidence to lines of JSON and back."""

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.model import Evidence, Observation, Target, Unseen
from diagnose.model.http import Exchange
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.model.other_requests import OtherRequest
from diagnose.model.server import Listener, Listeners
from diagnose.parsers.target import UsageError
from diagnose.recording.codec import Recording, decode, encode, observation_kinds, to_builtins
from tests.support.any_observation import any_observation
from tests.support.check_evidence import NOW, SHOP
from tests.support.effort import examples
from tests.support.report_builder import ANSWER, CLOSED, LEAF, NAME, SECURE, SERVER

HEADER = encode(Recording(Evidence(SHOP, NOW))).rstrip("\n")
moments = st.datetimes(
    min_value=datetime(1950, 1, 1), max_value=datetime(2120, 1, 1), timezones=st.just(UTC)
)
st.register_type_strategy(datetime, moments)
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
st.register_type_strategy(int, st.integers(-(2**63), 2**63 - 1))


def same(one: Any, other: Any) -> bool:
    """Equal through and through: observations have no equality of their own."""
    if dataclasses.is_dataclass(one):
        names = [field.name for field in dataclasses.fields(one)]
        return type(one) is type(other) and all(
            same(getattr(one, name), getattr(other, name)) for name in names
        )
    if isinstance(one, tuple):
        return isinstance(other, tuple) and len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def there_and_back(*observations: Observation) -> Evidence:
    return decode(encode(Recording(Evidence(SHOP, NOW, observations)))).evidence


def test_evidence_comes_back_as_it_was() -> None:
    sockets = Listeners(sockets=(Listener(address="::", port=443, family=6, process="nginx"),))
    evidence = Evidence(SHOP, NOW, (NAME, CLOSED, SECURE, ANSWER, SERVER, sockets))
    again = decode(encode(Recording(evidence, "web1", True)))
    assert same(again.evidence, evidence)
    assert (again.hostname, again.privileged) == ("web1", True)
    assert again.evidence.observations[2].chain[0] == LEAF  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", sorted(observation_kinds()))
@examples(4)
@given(data=st.data())
def test_every_kind_comes_back_as_it_was(kind: str, data: st.DataObject) -> None:
    seen = data.draw(any_observation(kind))
    assert same(there_and_back(seen).observations[0], seen)


@given(target=st.from_type(Target), at=moments)
def test_the_target_and_the_time_come_back(target: Target, at: datetime) -> None:
    again = decode(encode(Recording(Evidence(target, at)))).evidence
    assert (again.target, again.started_at) == (target, at)


def test_private_keys_never_get_into_a_recording() -> None:
    pem = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----\n"
    config = NginxConfig(path="/etc/nginx/nginx.conf", files=(ConfigFile("/k", f"a\n{pem}b"),))
    text = encode(Recording(Evidence(SHOP, NOW, (config,))))
    assert "MHcCAQEE" not in text
    assert "EC PRIVATE KEY left out" in text
    cut = ConfigFile("/k", pem[:45])
    assert "MHcC" not in json.dumps(to_builtins(cut))


def test_what_is_no_number_becomes_null() -> None:
    assert to_builtins([float("nan"), float("inf"), 1.5]) == [None, None, 1.5]


@pytest.mark.parametrize(
    "word", [{"variant": "tls1.4"}, {"failure": {"kind": "bored", "message": ""}}]
)
def test_words_of_a_later_version_are_passed_over(word: dict[str, Any]) -> None:
    lines = encode(Recording(Evidence(SHOP, NOW, (SECURE, NAME)))).splitlines()
    later = json.dumps({**json.loads(lines[1]), **word})
    again = decode("\n".join([lines[0], later, lines[2]]))
    assert same(again.evidence.observations, (NAME,))


def test_kinds_of_a_later_version_are_passed_over_and_so_are_its_fields() -> None:
    text = encode(Recording(Evidence(SHOP, NOW, (NAME,))))
    header, seen = text.splitlines()
    later = json.dumps({**json.loads(seen), "colour": "red"})
    again = decode("\n".join([header, '{"kind": "Telepathy", "sure": true}', later]))
    assert same(again.evidence.observations, (NAME,))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Line 1"),
        ("hello", "Line 1"),
        ("[]", "Line 1"),
        ("{}", "no recording"),
        ('{"diagnose": 99}', "no recording"),
        ('{"diagnose": 1, "target": 5}', "Line 1"),
        (encode(Recording(Evidence(SHOP, NOW))) + "nonsense\n", "Line 2"),
        (encode(Recording(Evidence(SHOP, NOW))) + '{"kind": "Connection"}\n', "Line 2"),
    ],
)
def test_what_is_no_recording_is_said_with_the_line(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        decode(text)


def test_the_observations_of_another_page_keep_their_kinds() -> None:
    page = Exchange(url="https://shop.example.com/a", address="203.0.113.10", port=443, status=404)
    request = OtherRequest(path="/a", observations=(page, Unseen(what="x", why="y")))
    text = encode(Recording(Evidence(SHOP, NOW, (request,))))
    (decoded,) = decode(text).evidence.of(OtherRequest)
    assert [type(nested) for nested in decoded.observations] == [Exchange, Unseen]
    assert decoded.observations[0].summary() == page.summary()


@pytest.mark.parametrize(
    ("nested", "kept"),
    [
        ('"text"', 0),
        ("[]", 0),
        ('[{"kind": "OfALaterVersion"}]', 0),
        # Another page has no other pages in its turn.
        ('[{"kind": "Unseen", "what": "x", "why": "y"}]', 1),
    ],
)
def test_strange_observations_of_another_page(nested: str, kept: int) -> None:
    record = f'{{"kind": "OtherRequest", "path": "/a", "observations": {nested}}}'
    (decoded,) = decode(f"{HEADER}\n{record}\n").evidence.of(OtherRequest)
    assert len(decoded.observations) == kept


@pytest.mark.parametrize("nested", ["[1]", '[{"kind": "OtherRequest", "path": "/b"}]'])
def test_observations_that_another_page_cannot_have(nested: str) -> None:
    record = f'{{"kind": "OtherRequest", "path": "/a", "observations": {nested}}}'
    with pytest.raises(UsageError, match="Line 2"):
        decode(f"{HEADER}\n{record}\n")
