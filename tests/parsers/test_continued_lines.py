from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.continued_lines import in_rows, joined_rows, raw_rows

TEXT = """\
ProxyPass /a \\
    http://127.0.0.1:3000/ \\
    retry=0
# a comment \\
ServerName swallowed.example.com
Listen 80
"""


def test_a_continued_line_is_whole_in_its_first_row() -> None:
    rows = joined_rows(TEXT)
    assert rows[0].split() == ["ProxyPass", "/a", "http://127.0.0.1:3000/", "retry=0"]
    assert rows[1:3] == ("", "")
    assert rows[4] == "", "commented out"
    assert rows[5] == "Listen 80"
    assert joined_rows(TEXT, False)[4] == "ServerName swallowed.example.com"
    assert joined_rows("a\nb") == ("a", "b")


def test_a_change_keeps_the_rows() -> None:
    rows = raw_rows(TEXT, 1)
    line = joined_rows(TEXT)[0]
    changed = line.replace("3000", "3001")
    expected = ("ProxyPass /a \\", "    http://127.0.0.1:3001/ \\", "    retry=0")
    assert in_rows(rows, changed) == expected
    assert in_rows(rows, f"{line} timeout=9")[2] == "    retry=0 timeout=9"
    assert in_rows(rows, line) == rows
    assert in_rows(rows, "Listen 443") == ("Listen 443",)
    assert in_rows(("a",), "b") == ("b",)


def test_a_change_at_the_end_of_a_row_stays_in_it() -> None:
    rows = raw_rows("ServerAlias \\\n    a.example.com", 1)
    assert in_rows(rows, "ServerAlias     www.example.com a.example.com")[0] == "ServerAlias \\"
    both = raw_rows("Header set \\\r\n X a\r\n", 1)
    assert both == ("Header set \\\r", " X a\r")
    assert in_rows(both, "Header set  X bc\r") == ("Header set \\\r", " X bc\r")


@given(st.text("a \\\n\r#"), st.text("a \\#"))
def test_any_text_keeps_its_number_of_rows(text: str, changed: str) -> None:
    for is_comment_continued in (False, True):
        rows = joined_rows(text, is_comment_continued)
        assert len(rows) == text.count("\n") + 1
        own = raw_rows(text, 1, is_comment_continued)
        assert in_rows(own, rows[0]) == own
        new = in_rows(own, changed)
        if len(own) > 1:
            assert joined_rows("\n".join(new), True)[0].rstrip("\\") == changed.rstrip("\\")
