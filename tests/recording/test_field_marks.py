"""What the text in a field is, read from its type."""

from typing import Annotated, Literal

import pytest

from diagnose.model.http import Exchange
from diagnose.model.marks import HostName, Url
from diagnose.model.upstream import UpstreamTalk
from diagnose.recording.field_marks import FieldMark, field_marks, mark_of, marked_values


@pytest.mark.parametrize(
    ("annotation", "mark"),
    [
        (Url, "url"),
        (tuple[Url, ...], "url"),
        (tuple[tuple[HostName, int], ...] | None, "host"),
        (Annotated[str, "something else"], None),
        (Literal["a", "b"], frozenset({"a", "b"})),
        (int, None),
        (str, None),
    ],
)
def test_the_mark_of_a_type(annotation: object, mark: FieldMark) -> None:
    assert mark_of(annotation) == mark


def test_the_fields_of_a_class_come_in_order_with_the_inherited_first() -> None:
    marks = field_marks(UpstreamTalk)
    assert list(marks)[:2] == ["vantage", "at"]
    assert (marks["equivalent"], marks["server_name"]) == ("command", "host")


def test_every_marked_text_is_found_and_header_fields_as_a_whole() -> None:
    fields = (("Location", "/a"), ("Server", "nginx"))
    answer = Exchange(url="http://a/", address="192.0.2.1", port=80, headers=fields)
    values = list(marked_values((answer,)))
    assert ("url", "http://a/") in values
    assert ("headers", fields) in values
    assert all(mark != "headers" or value == fields for mark, value in values)
