from diagnose.parsers.haproxy.certificate_lists import certificate_lists, rows_of
from diagnose.parsers.haproxy.config import parse

TEXT = """\
# a comment
/etc/a.pem
/etc/b.pem [alpn h2 ssl-min-ver TLSv1.2] *.example.com !www.example.com
"/etc/c d.pem" shop.example.com # behind
"""


def test_a_row_has_a_file_and_names() -> None:
    first, second, third = rows_of(TEXT)
    assert (first.number, first.path, first.takes("shop.example.com")) == (2, "/etc/a.pem", None)
    assert second.names == ("*.example.com",)
    assert [second.takes(f"{name}.example.com") for name in ("a", "www", "a.b")] == [
        True,
        False,
        False,
    ]
    assert (third.path, third.names) == ("/etc/c d.pem", ("shop.example.com",))


def test_any_text_is_read() -> None:
    assert [row.path for row in rows_of("\x00\n[\n \n#")] == ["\x00", "["]
    assert len(list(rows_of("a\n" * 5000))) == 3000


def test_the_lists_of_the_bind_lines() -> None:
    text = "frontend a\n bind :443 ssl crt-list /etc/l.txt\n bind :444 ssl crt /etc/a.pem\n"
    assert certificate_lists(parse([("h", text)])) == ("/etc/l.txt",)
