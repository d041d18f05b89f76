from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.apache.config import MAX_DEPTH, Directive, flatten, parse

TEXT = """\
# ServerName commented.example.com
ServerName shop.example.com
<VirtualHost *:443>
    SSLCertificateFile \\
        "/etc/ssl/my shop.pem"
    <Location /a>
        ProxyPass "http://127.0.0.1:3000/"  # kept
    </Location>
</VirtualHost>
"""


def test_sections_lines_and_quoted_words() -> None:
    name, host = parse(TEXT, "a.conf")
    assert name == Directive("servername", ("shop.example.com",), "a.conf", 2, None, 2)
    assert (host.name, host.args, host.line, host.stop) == ("virtualhost", ("*:443",), 3, 9)
    assert host.block
    file, location = host.block
    assert (file.args, file.line, file.stop) == (("/etc/ssl/my shop.pem",), 4, 5)
    assert location.block
    assert location.block[0].args == ("http://127.0.0.1:3000/", "#", "kept"), "as httpd reads it"


def test_a_backslash_continues_words_and_comments() -> None:
    name, listen = parse("ServerNa\\\nme a\n# Listen \\\nListen 80\nListen 81\\", "a.conf")
    assert (name.name, name.args, name.stop) == ("servername", ("a",), 2)
    assert (listen.args, listen.line) == (("81\\",), 5)
    (log,) = parse("ErrorLog /a\\ \nListen\\", "a.conf")[:1]
    assert log.args == ("/a\\",), "a blank behind it: nothing is continued"


def test_a_section_that_is_not_closed_ends_with_the_file() -> None:
    (host,) = parse("<VirtualHost *:80>\nServerName a", "a.conf")
    assert host.block
    assert host.block[0].name == "servername"
    assert parse("</VirtualHost>\nServerName a", "a.conf")[0].name == "servername"


def test_deep_nesting_is_cut_off() -> None:
    assert parse("<If a>\n" * (MAX_DEPTH * 20), "a.conf")


@given(st.text("<>/\\\"'#a \n\t*:"))
def test_any_text_is_read(text: str) -> None:
    for directive in parse(text, "a.conf"):
        assert 1 <= directive.line <= text.count("\n") + 1


def test_directives_of_sections_are_flattened_in_their_order() -> None:
    lines = parse("A 1\n<Files x>\nB 2\n</Files>\n<IfModule y>\nC 3\n</IfModule>\nD 4\n", "a.conf")
    assert [line.name for line in flatten(lines)] == ["a", "b", "c", "d"]
    assert [line.name for line in flatten(lines, {"files"})] == ["a", "b", "d"]
