import pytest

from diagnose.model.haproxy import InvalidResponse
from diagnose.parsers.haproxy.config import parse
from diagnose.parsers.haproxy.health_checks import HttpCheck, http_check
from diagnose.parsers.haproxy.messages import parse_test, parse_version
from diagnose.parsers.haproxy.statistics import parse_statistics

KEY = """\
[NOTICE]   (9) : haproxy version is 3.0.11-1+deb13u5
[NOTICE]   (9) : path to executable is /usr/sbin/haproxy
[WARNING]  (9) : config : missing timeouts for backend 'b'.
[ALERT]    (9) : config : parsing [/etc/haproxy/haproxy.cfg:7] : 'bind :443' in section 'frontend' \
: No Private Key found in '/tmp/nokey.pem.key'.
[ALERT]    (9) : config : Error(s) found in configuration file : /etc/haproxy/haproxy.cfg
[ALERT]    (9) : config : Fatal errors found in configuration.
"""


def test_a_version_is_that_of_haproxy() -> None:
    assert parse_version("HAProxy version 3.0.11-1+deb13u5 2026/11/18 - https://x\n") == (
        "3.0.11-1+deb13u5"
    )
    assert parse_version("HA-Proxy version 1.8.4-1deb90d 2018/02/08\n") == "1.8.4-1deb90d"
    assert parse_version("nginx version: nginx/1.26\n") == ""


def test_the_first_error_of_a_test_is_read_with_its_place() -> None:
    error, others = parse_test(KEY)
    assert (error.file, error.line) == ("/etc/haproxy/haproxy.cfg", 7)
    assert error.message == (
        "'bind :443' in section 'frontend' : No Private Key found in '/tmp/nokey.pem.key'."
    )
    assert others == ("missing timeouts for backend 'b'.",)


TWO_ROWS = """\
[ALERT]    (9) : config : parsing [/etc/haproxy/haproxy.cfg:7] : 'bind :443' in section 'frontend' :
  'crt-list' : error processing line 1 in file '/l.txt' : No Private Key found in '/s.pem.key'.
  unable to load SSL private key into SSL Context '/s.pem'.
[ALERT]    (9) : config : Fatal errors found in configuration.
"""


def test_the_reason_in_the_next_row_belongs_to_the_message() -> None:
    error, others = parse_test(TWO_ROWS)
    assert error.line == 7
    assert error.message.endswith(
        "frontend' : 'crt-list' : error processing line 1 in file "
        "'/l.txt' : No Private Key found in '/s.pem.key'."
    )
    assert others == ()


def test_an_error_without_a_line_has_no_place() -> None:
    text = "[ALERT]    (9) : config : Proxy 'f': unable to find required default_backend: 'bb'.\n"
    error, _ = parse_test(text)
    assert (error.file, error.line) == ("", 0)
    assert error.message == "Proxy 'f': unable to find required default_backend: 'bb'."
    old = "[ALERT] 329/070000 (21) : parsing [/etc/haproxy/haproxy.cfg:3] : unknown keyword 'x'\n"
    assert parse_test(old)[0].line == 3


STATISTICS = """\
Name: HAProxy
Maxconn: 5
CurrConns: 5

# pxname,svname,scur,slim,status,check_status,check_code,last_chk
https,FRONTEND,5,5,OPEN,,,
app,s1,0,,DOWN,* L7STS,404,Not Found
app,s2,0,,no check,,,
app,BACKEND,0,1,UP,,,

"""


def test_statistics_have_servers_and_the_numbers_of_connections() -> None:
    statistics = parse_statistics(STATISTICS)
    assert statistics is not None
    down, unchecked = statistics.servers
    assert (down.backend, down.name, down.is_down, down.check, down.code) == (
        "app", "s1", True, "L7STS", 404,
    )  # fmt: skip
    assert not unchecked.is_down
    assert down.address == ""
    table = "# pxname,svname,status,addr,\napp,s1,UP,127.0.0.1:3000,\n"
    addressed = parse_statistics(table)
    assert addressed is not None
    assert addressed.servers[0].address == "127.0.0.1:3000"
    assert [(count.name, count.is_full) for count in statistics.counts] == [
        ("", True),
        ("https", True),
    ]


def test_the_line_of_the_last_invalid_response() -> None:
    """Recorded from HAProxy 3.0.11, "show info;show errors;show stat"."""
    errors = (
        "Total events captured on [27/Nov/2026:03:25:07.883] : 1\n \n"
        "[27/Nov/2026:03:25:07.758] backend app (#4): invalid response\n"
        "  frontend https (#3), server app1 (#1), event #0, src 127.0.0.1:35492\n"
        "  buffer starts at 0 (including 0 out), 16324 free,\n"
        "  len 60, wraps at 16336, error at position 18\n"
        "  H1 connection flags 0x80000100, H1 stream flags 0x00014810\n"
        "  H1 chunk len 0 bytes, H1 body len 0 bytes :\n  \n"
        "  00000  HTTP/1.1 200 OK\\r\\n\n"
        "  00017  X Bad Header: 1\\r\\n\n"
        "  00034  Content-Length: 5\\r\\n\n"
        "  00053  \\r\\n\n\n"
    )
    statistics = parse_statistics(errors + STATISTICS)
    assert statistics is not None
    assert statistics.invalid == InvalidResponse("app", "app1", "X Bad Header: 1")
    plain = parse_statistics(STATISTICS)
    assert plain is not None
    assert plain.invalid is None


@pytest.mark.parametrize(
    "text", ["", "Permission denied", "# pxname,", "# pxname,svname\n\0,,,,\n"]
)
def test_other_outputs_have_none(text: str) -> None:
    statistics = parse_statistics(text)
    assert statistics is None or not any(server.is_down for server in statistics.servers)


def check_of(*lines: str) -> HttpCheck:
    text = "backend app\n" + "".join(f"  {line}\n" for line in lines)
    check = http_check(parse([("a", text)]).proxies[0])
    assert check is not None
    return check


def test_a_health_check_is_the_request_that_haproxy_sends() -> None:
    plain = check_of("option httpchk")
    assert (plain.method, plain.path, plain.version) == ("OPTIONS", "/", "1.0")
    path = check_of("option httpchk /healthz")
    assert (path.method, path.path) == ("OPTIONS", "/healthz")
    old = check_of(r"option httpchk HEAD /x HTTP/1.1\r\nHost:\ www.example.com")
    assert (old.method, old.version, old.fields) == ("HEAD", "1.1", (("Host", "www.example.com"),))
    new = check_of("option httpchk", "http-check send meth GET uri /a ver HTTP/1.1 hdr Host b")
    assert (new.method, new.path, new.version, new.fields) == ("GET", "/a", "1.1", (("Host", "b"),))


def test_a_health_check_accepts_what_is_expected() -> None:
    plain = check_of("option httpchk")
    assert [plain.accepts(status) for status in (200, 301, 404)] == [True, True, False]
    strict = check_of("option httpchk", "http-check expect status 200,204-206")
    assert [strict.accepts(status) for status in (200, 205, 301)] == [True, True, False]
    assert check_of("option httpchk", "http-check expect string ok").accepts(200) is None


def test_what_a_master_says_of_a_worker_is_no_reason() -> None:
    """The journal of a start that systemd has tried several times."""
    text = (
        "[ALERT]    (9) : Current worker (12) exited with code 1 (Exit)\n"
        "[ALERT]    (9) : exit-on-failure: killing every processes with SIGTERM\n"
        "[ALERT]    (14) : [haproxy.main()] Cannot chroot(/var/lib/haproxy).\n"
    )
    assert parse_test(text)[0].message == "[haproxy.main()] Cannot chroot(/var/lib/haproxy)."
