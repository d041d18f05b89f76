"""Every kind of observation describes itself."""

from typing import Any, get_args

import pytest

from diagnose.model import Observation
from diagnose.model.marks import Mark
from diagnose.model.summary import application_text, joined, socket_text
from diagnose.model.upstream import UpstreamSocket
from diagnose.recording.codec import observation_kinds
from tests.support.marked_values import filled

KINDS = [kind for kind in observation_kinds().values() if kind is not Observation]
TEXTS: dict[Mark, Any] = dict.fromkeys(get_args(Mark), "x") | {
    "headers": (("Location", "x"),), "nginx-options": ("-c", "x"), "configuration": (),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_has_its_own(kind: type[Observation]) -> None:
    assert "summary" in vars(kind)
    subject, outcome = filled(kind, TEXTS).summary()
    assert subject
    assert "\n" not in subject + outcome


def test_without_an_outcome_it_is_empty() -> None:
    assert UpstreamSocket(path="/run/app.sock").summary() == ("/run/app.sock", "")


def test_what_kinds_share() -> None:
    assert (joined([1, "a"]), joined(())) == ("1, a", "none")
    assert (socket_text("::1", 443), socket_text("192.0.2.1", 80)) == ("[::1]:443", "192.0.2.1:80")


@pytest.mark.parametrize(
    ("tried", "text"),
    [
        (("http://app:3000", "192.0.2.7", 3000, ""), "http://app:3000 at 192.0.2.7:3000"),
        (("http://192.0.2.7:3000", "192.0.2.7", 3000, ""), "http://192.0.2.7:3000"),
        (("app", "", 0, "/run/app.sock"), "app at unix:/run/app.sock"),
        (("app", "", 0, ""), "app"),
    ],
)
def test_where_an_application_was_tried(tried: tuple[str, str, int, str], text: str) -> None:
    assert application_text(*tried) == f"application {text}"
