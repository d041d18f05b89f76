"""Several faults in one message."""

import pytest

from diagnose.parsers.further_symptoms import further_symptoms
from diagnose.parsers.symptoms import symptom_of


@pytest.mark.parametrize(
    ("message", "kinds"),
    [
        (
            "uploading gives 413 Request Entity Too Large, and the WebSocket connection to "
            "'wss://shop.example.com/ws' failed",
            {"websocket"},
        ),
        ("上传文件报413，而且样式不显示", {"page-files"}),
        ("502 Bad Gateway; the css is not loading", {"page-files"}),
        ("502 Bad Gateway, and some images get 404 Not Found", {"status"}),
        ("502 Bad Gateway", set()),
        ("502 Bad Gateway, and the site cannot be reached", set()),
        ("the site is slow", set()),
    ],
)
def test_each_part_of_a_message_is_read(message: str, kinds: set[str]) -> None:
    symptom = symptom_of(message)
    assert symptom is not None
    assert {each.kind for each in further_symptoms(symptom)} >= kinds
    if not kinds:
        assert further_symptoms(symptom) == ()


def test_a_long_message() -> None:
    symptom = symptom_of("502 Bad Gateway, " + "and also a, " * 2_000)
    assert symptom is not None
    assert further_symptoms(symptom) == ()


def test_a_status_and_the_refusal_behind_it_are_of_the_connection_inside() -> None:
    symptom = symptom_of("502 Bad Gateway & Upstream connection refused")
    assert symptom
    assert symptom.kind == "upstream-refused"
    visitor = symptom_of("curl: (7) Failed to connect: Connection refused")
    assert visitor
    assert visitor.kind == "refused"
