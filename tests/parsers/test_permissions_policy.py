"""What a Permissions-Policy forbids the page itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.model.pages import Feature
from diagnose.parsers.permissions_policy import forbidden_features, modern_form

PAGE = "https://shop.example.com/"


def forbids(*fields: str, feature: Feature = "microphone") -> bool:
    return bool(forbidden_features(fields, PAGE, [feature]))


@pytest.mark.parametrize(
    "field",
    [
        "microphone=()",
        "camera=(), microphone=(), geolocation=()",
        'microphone=("https://meet.example.net")',
        "microphone=( )",
        "microphone=(self), microphone=()",
        "microphone=();report-to=x",
    ],
)
def test_forbidden(field: str) -> None:
    assert forbids(field)


@pytest.mark.parametrize(
    "field",
    [
        "",
        "camera=()",
        "microphone=*",
        "microphone=(self)",
        "microphone=self",
        'microphone=(self "https://meet.example.net")',
        'microphone=("https://shop.example.com")',
        "microphone=(*)",
        # No dictionary: browsers leave the whole field out.
        "microphone 'none'",
        "microphone=(), camera 'none'",
        "microphone=() camera=()",
        "microphone=(",
    ],
)
def test_allowed(field: str) -> None:
    assert not forbids(field)


def test_several_fields_are_one() -> None:
    assert forbids("camera=()", "microphone=()")
    assert not forbids("microphone=()", "microphone=(self)")


def test_either_of_camera_and_microphone() -> None:
    assert forbids("camera=(), microphone=()", feature="camera-or-microphone")
    assert not forbids("microphone=()", feature="camera-or-microphone")


def test_the_entry_is_named() -> None:
    (forbidden,) = forbidden_features(["camera=(), midi=()"], PAGE, ["midi"])
    assert forbidden.text == "midi=()"


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    forbidden_features([text], PAGE, ["microphone", "camera-or-microphone"])


@pytest.mark.parametrize(
    ("old", "modern"),
    [
        ("camera 'none'; microphone 'self' https://a.example", 'camera=(), microphone=(self "https://a.example")'),
        ("Geolocation *", "geolocation=(*)"),
        ("camera; ;x y\"", "x=()"),
        ("", ""),
    ],
)  # fmt: skip
def test_the_older_form(old: str, modern: str) -> None:
    assert modern_form(old) == modern
