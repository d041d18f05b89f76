"""What the text in a field is, read from its type."""

from typing import Annotated, Literal

import pytest

from diagnose.model.http import Exchange
from diagnose.model.marks import HostName, Mark, Url
from diagnose.model.upstream import UpstreamTalk
from diagnose.recording.field_marks import FieldMark, field_marks, mark_of, marked_values


@pytest.mark.parametrize(
    ("annotation", "mark"),
    [
        (Url, Mark.URL),
        (tuple[Url, ...], Mark.URL),
        (tuple[tuple[HostName, int], ...] | None, Mark.HOST),
        (Annotated[str, "something else"], None),
        (Literal["a", "b"], frozenset({"a", "b"})),
        (int, None),
        (str, None),
    ],
)
def test_the_mark_of_a_type(annotation: object, mark: FieldMark) -> None:
    assert mark_of(annotation) == mark


def test_the_fields_of_a_class_come_in_order_with_the_inherited_first() -> None:
    marks = field_marks(UpstreamTalk)  # type: ignore[arg-type]
    assert list(marks)[:2] == ["vantage", "at"]
    assert (marks["equivalent"], marks["server_name"]) == (Mark.COMMAND, Mark.HOST)


def test_every_marked_text_is_found_and_header_fields_as_a_whole() -> None:
    fields = (("Location", "/a"), ("Server", "nginx"))
    answer = Exchange(url="http://a/", address="192.0.2.1", port=80, headers=fields)
    values = list(marked_values((answer,)))
    assert (Mark.URL, "http://a/") in values
    assert (Mark.HEADERS, fields) in values
    assert all(mark is not Mark.HEADERS or value == fields for mark, value in values)
