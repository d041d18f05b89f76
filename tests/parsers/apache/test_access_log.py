import pytest

from diagnose.model.web_servers import SiteAccessLog
from diagnose.parsers import access_log
from diagnose.parsers.apache.access_log import COMMON, parse_format
from diagnose.parsers.apache.loading import ConfigSource, load
from diagnose.parsers.apache.sites import sites_of

COMBINED = '%h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"'
QUOTED = COMBINED.replace('"', r"\"")
MAIN = "/etc/httpd/conf/httpd.conf"
LINE = (
    '198.51.100.7 - - [24/Nov/2026:18:01:00 +0800] "POST /cart?token=x HTTP/1.1" 503 299 '
    '"https://shop.example.com/" "Mozilla/5.0"'
)


def logs_of(inner: str, main: str = "") -> tuple[SiteAccessLog, ...]:
    text = f"{main}\n<VirtualHost *:443>\n{inner}\n</VirtualHost>\n"
    (site,) = sites_of(load(MAIN, ConfigSource({MAIN: text}, {}), "/etc/httpd", {}), "/etc/httpd")
    return site.access_logs


def test_the_usual_formats() -> None:
    for text, line in ((COMBINED, LINE), (f"%v:%p {COMBINED}", f"shop.example.com:443 {LINE}")):
        log_format = parse_format(text)
        assert log_format
        (parsed,) = access_log.parse(line, log_format)
        assert (parsed.method, parsed.path, parsed.status) == ("POST", "/cart", 503)
        assert (parsed.when, parsed.client) == (1_795_514_460.0, "198.51.100.7")
        assert (parsed.referer, parsed.agent) == ("https://shop.example.com/", "Mozilla/5.0")
        assert parsed.host == ("shop.example.com" if "%v" in text else "")


def test_a_format_of_its_own() -> None:
    text = "%{%Y-%m-%dT%H:%M:%S%z}t %V %m %U%%%<s %!200,304{User-agent}i"
    log_format = parse_format(text)
    assert log_format
    (parsed,) = access_log.parse(
        "2026-11-24T18:01:00+0800 Shop.example.com GET /a%502 curl/8", log_format
    )
    assert (parsed.when, parsed.host, parsed.path) == (1_795_514_460.0, "shop.example.com", "/a")
    assert (parsed.status, parsed.agent) == (502, "curl/8")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("%{c}a %{sec}t %m %U%q %>s", "198.51.100.7 1795514460 GET /a?b=c 404"),
        ('%h %{msec}t "%r" %>s', '198.51.100.7 1795514460250 "GET /a?b HTTP/1.1" 404'),
        ('%a [%{%d/%b/%Y:%T %z}t] "%m %U%q %H" %s',
         '198.51.100.7 [24/Nov/2026:18:01:00 +0800] "GET /a?b HTTP/1.1" 404'),
        ('{"t":"%{%F %T %z}t","a":"%a","m":"%m","u":"%U","q":"%q","s":"%>s"}',
         '{"t":"2026-11-24 18:01:00 +0800","a":"198.51.100.7","m":"GET","u":"/a","q":"?b",'
         '"s":"404"}'),
    ],
)  # fmt: skip
def test_other_times_and_addresses_in_parts(text: str, line: str) -> None:
    log_format = parse_format(text)
    assert log_format
    (parsed,) = access_log.parse(line, log_format)
    assert int(parsed.when) == 1_795_514_460
    assert (parsed.client, parsed.path, parsed.status) == ("198.51.100.7", "/a", 404)


@pytest.mark.parametrize(
    "text", ["", "%h %t", '%t "%r" %b', '"%r" %>s', "%t %m %U%>s", "%{%s}t %r %>s"]
)
def test_a_format_that_says_too_little_is_none(text: str) -> None:
    assert parse_format(text) is None


def test_the_logs_of_a_virtual_host() -> None:
    nick = f'LogFormat "{QUOTED}" combined'
    assert logs_of("", nick) == ()
    assert logs_of("CustomLog logs/a.log combined", nick) == (
        SiteAccessLog("/etc/httpd/logs/a.log", COMBINED),
    )
    assert logs_of('CustomLog /a.log "%t %r %>s" env=!quiet')[0].line_format == "%t %r %>s"
    assert logs_of("TransferLog /a.log") == (SiteAccessLog("/a.log", COMMON),)
    assert logs_of("TransferLog /a.log", f'LogFormat "{QUOTED}"')[0].line_format == COMBINED
    assert logs_of("CustomLog /a.log common")[0].line_format == COMMON
    assert logs_of("CustomLog /a.log unknown") == ()
    assert logs_of('CustomLog "|/usr/bin/rotatelogs /a.log 86400" common') == ()


def test_the_main_servers_log_is_that_of_a_host_without_its_own() -> None:
    main = f'LogFormat "{QUOTED}" combined\nCustomLog /main.log combined'
    assert [log.path for log in logs_of("", main)] == ["/main.log"]
    assert [log.path for log in logs_of("CustomLog /own.log combined", main)] == ["/own.log"]
