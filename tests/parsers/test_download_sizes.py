from dataclasses import replace

from diagnose.parsers.access_log import AccessLine
from diagnose.parsers.download_sizes import BEYOND, FULL, MAX_PATHS, download_sizes

LINE = AccessLine(100.0, "12:00:00", "GET", "/a.zip", False, 200, sent=FULL + 5)


def sizes(*lines: AccessLine) -> list[tuple[str, int]]:
    names = {"shop.example.com"}
    return [(size.path, size.sent) for size in download_sizes(lines, "/a.log", names, False, 50.0)]


def test_the_most_that_a_visitor_got_of_a_path() -> None:
    assert sizes(LINE, replace(LINE, sent=FULL)) == [("/a.zip", FULL + 5)]
    assert sizes(replace(LINE, path="/b"), LINE) == [("/a.zip", FULL + 5), ("/b", FULL + 5)]
    lines = [replace(LINE, path=f"/{number}") for number in range(9)]
    assert len(sizes(*lines)) == MAX_PATHS


def test_another_size_says_nothing() -> None:
    for other in (FULL - 1, BEYOND, None, 0):
        assert not sizes(replace(LINE, sent=other))
    assert not sizes(replace(LINE, status=206))
    assert not sizes(replace(LINE, method="HEAD"))
    assert not sizes(replace(LINE, when=40.0))
    assert not sizes(replace(LINE, host="other.example.com"))


def test_a_file_that_has_this_size_is_not_cut() -> None:
    assert not sizes(LINE, replace(LINE, sent=FULL + 9), LINE)
    other = replace(LINE, path="/b")
    assert sizes(LINE, other, LINE) == [("/b", FULL + 5)]
