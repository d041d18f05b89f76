from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.sanitize import clean


def test_plain_text_stays_as_it_is() -> None:
    assert clean("No route to host") == "No route to host"
    assert clean("没有到主机的路由") == "没有到主机的路由"


def test_white_space_becomes_one_blank() -> None:
    assert clean("  one\r\n\t two ") == "one two"


def test_what_moves_the_cursor_or_turns_the_text_around_is_replaced() -> None:
    assert clean("\x1b[2Jroot") == "\N{REPLACEMENT CHARACTER}[2Jroot"
    assert "\u202e" not in clean("moc.elpmaxe\u202e")
    assert clean("\x9b31m") == "\N{REPLACEMENT CHARACTER}31m"


def test_bytes_are_read_as_utf_8_as_far_as_they_are() -> None:
    assert clean("naïve".encode()) == "naïve"
    assert clean(b"\xffab") == "\N{REPLACEMENT CHARACTER}ab"


def test_what_is_cut_off_leaves_an_ellipsis() -> None:
    assert clean("a" * 300, 10) == "a" * 9 + "…"
    assert clean("a" * 10, 10) == "a" * 10


@given(st.one_of(st.text(), st.binary()), st.integers(1, 50))
def test_nothing_unprintable_is_left_and_the_length_holds(text: str | bytes, limit: int) -> None:
    shown = clean(text, limit)
    assert len(shown) <= limit
    assert not any(c < " " or "\x7f" <= c <= "\x9f" for c in shown)
    shown.encode("utf-8")
    assert clean(shown, limit) == shown
