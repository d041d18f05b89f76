from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.haproxy.config import parse, seconds, split_words, word_spans

TEXT = """\
global
    stats socket /run/haproxy/admin.sock mode 660

defaults base
    mode http
    timeout client 50000   # without a unit
    option httplog

defaults tcp from base
    mode tcp
    no option httplog

frontend web from base
    bind :80
    timeout client 30s

backend app
    server a 127.0.0.1:3000
"""


def test_words_are_where_they_are_written() -> None:
    text = """  http-request set-header X "a b"c\\ d 'e'  # no"""
    words = [text[start:stop] for start, stop in word_spans(text)]
    assert words == ["http-request", "set-header", "X", '"a b"c\\ d', "'e'"]
    assert len(split_words(text)) == len(words)


def test_words_are_split_as_the_manual_says() -> None:
    assert split_words("bind :80 # all") == ("bind", ":80")
    assert split_words(r"http-request deny if { path /a\ b } # no") == (
        "http-request", "deny", "if", "{", "path", "/a b", "}",
    )  # fmt: skip
    assert split_words("""http-check send hdr Host 'a b' "c\\"d" """)[-2:] == ("a b", 'c"d')
    assert split_words(r"option httpchk GET / HTTP/1.1\r\nHost:\ www")[-1] == (
        "HTTP/1.1\r\nHost: www"
    )
    assert split_words("\t# nothing") == ()


def test_a_section_has_its_lines_with_their_places() -> None:
    config = parse([("/etc/haproxy/haproxy.cfg", TEXT)])
    assert [section.kind for section in config.sections] == [
        "global", "defaults", "defaults", "frontend", "backend",
    ]  # fmt: skip
    web = config.frontends[0]
    assert (web.section.line, web.section.end) == (13, 15)
    assert web.own("bind")[0].number == 14
    assert config.complete


def test_a_proxy_inherits_from_the_defaults_that_it_names_or_that_come_before() -> None:
    config = parse([("/etc/haproxy/haproxy.cfg", TEXT)])
    web, app = config.frontends[0], config.backend("app")
    assert app is not None
    assert (web.mode, app.mode) == ("http", "tcp")
    values = [timeout[0] for each in (web, app) if (timeout := each.timeout("client"))]
    assert values == [30.0, 50.0]
    assert app.timeout("tunnel") is None
    assert web.option("httplog") is not None
    assert app.option("httplog") is None


def test_what_depends_on_the_environment_is_not_complete() -> None:
    assert not parse([("a", 'frontend f\n  bind "${ADDRESS}:443"\n')]).complete
    assert not parse([("a", ".if defined(X)\nfrontend f\n.endif\n")]).complete


def test_times_have_units() -> None:
    assert [seconds(text) for text in ("50000", "50s", "1m", "1h", "10ms")] == [
        50.0, 50.0, 60.0, 3600.0, 0.01,
    ]  # fmt: skip
    assert seconds("soon") is None


@given(st.text(alphabet="global \n\t#'\"\\{}!|frontendbind:43", max_size=300))
def test_any_text_is_read(text: str) -> None:
    parse([("a", text)])


def test_a_backslash_of_a_regular_expression_stays() -> None:
    assert split_words(r"path_reg ^/a\.b$ /v1\1") == ("path_reg", r"^/a\.b$", r"/v1\1")
    assert split_words(r'path_reg "^/a\.b\\"') == ("path_reg", "^/a\\.b\\")
    assert split_words(r"Host:\ www \# \x41") == ("Host: www", "#", "A")


def test_variables_that_the_configuration_sets_have_their_values() -> None:
    text = """\
global
    setenv APP 127.0.0.1
    presetenv APP 192.0.2.1
    presetenv PORT 3000
backend app
    server a "${APP}:$PORT" check
    server b '${APP}:1'
"""
    config = parse([("/etc/haproxy/haproxy.cfg", text)])
    assert config.complete
    servers = [line.words[2] for section in config.sections for line in section.lines[-2:]]
    assert servers[-2:] == ["127.0.0.1:3000", "${APP}:1"]
    unknown = parse([("/etc/haproxy/haproxy.cfg", 'backend app\n    server a "${APP}:3000"\n')])
    assert not unknown.complete
    assert unknown.sections[0].lines[0].unset
