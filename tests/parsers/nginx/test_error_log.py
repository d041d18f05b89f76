from dataclasses import replace

from diagnose.model.logs import LogLine
from diagnose.parsers.nginx import error_log
from diagnose.parsers.nginx.config import parse as configuration
from diagnose.parsers.nginx.error_log import (
    Clock,
    LogDestination,
    exhaustion_lines,
    log_destinations,
    matching_lines,
    parse,
    relevant_lines,
    upstream_authority,
)
from diagnose.parsers.nginx.locations import LocationMatch

CLOCK = Clock(1_795_543_262.0, "2026/11/24 18:01:02")
REFUSED = (
    "2026/11/24 18:01:00 [error] 123#124: *45 connect() failed (111: Connection refused) while "
    "connecting to upstream, client: 198.51.100.7, server: shop.example.com, request: "
    '"GET /cart?token=secret HTTP/1.1", upstream: "http://127.0.0.1:3000/cart?token=secret", host: '
    '"shop.example.com:8443", referrer: "https://shop.example.com/"\n'
)
OLD = "2026/11/23 18:01:00 [error] 7#7: *1 open() failed (2: No such file or directory)\n"
EMERG = "2026/11/20 08:00:00 [emerg] 7#7: bind() to 0.0.0.0:443 failed (98: Address in use)\n"


def read(text: str) -> tuple[LogLine, ...]:
    return parse(text, "error.log", CLOCK)


def test_a_line_about_a_request_is_taken_apart() -> None:
    (line,) = read(REFUSED)
    assert (line.when, line.written) == (CLOCK.epoch - 2, "2026/11/24 18:01:00")
    assert (line.level, line.pid, line.errno) == ("error", 123, 111)
    assert line.text == "connect() failed (111: Connection refused) while connecting to upstream"
    assert line.doing == "connecting to upstream"
    assert (line.client, line.server) == ("198.51.100.7", "shop.example.com")
    assert (line.request, line.path) == ("GET /cart HTTP/1.1", "/cart")
    assert (line.upstream, line.host) == ("http://127.0.0.1:3000/cart", "shop.example.com:8443")


def test_a_line_about_nginx_itself() -> None:
    (line,) = read("2026/11/24 18:01:00 [alert] 9#9: 768 worker_connections are not enough\n")
    assert (line.level, line.errno, line.doing, line.request) == ("alert", None, "", "")
    assert exhaustion_lines([line])


def test_what_a_program_printed_over_several_lines_is_one() -> None:
    text = (
        '2026/11/24 18:01:00 [error] 9#9: *1 FastCGI sent in stderr: "PHP message: oh\n#0 /a.php\n'
        '#1 {main}" while reading response header from upstream, client: ::1, server: _, request: '
        '"GET / HTTP/1.1", upstream: "fastcgi://unix:/run/php.sock:", host: "shop.example.com"\n'
    )
    (line,) = read(text)
    assert line.text.startswith('FastCGI sent in stderr: "PHP message: oh #0 /a.php #1 {main}"')
    assert upstream_authority(line) == "unix:/run/php.sock"


def test_a_line_that_was_cut_off_at_its_beginning_is_left_out() -> None:
    assert not read("failed (111: Connection refused), client: ::1\nnonsense\n")
    assert not read("2026/99/24 18:01:00 [error] 1#1: no such month\n")


def test_what_a_visitor_wrote_is_made_safe_to_show() -> None:
    text = REFUSED.replace("/cart?token=secret HTTP", "/\x1b[31m\u202e HTTP")
    assert "\x1b" not in read(text)[0].request


def test_lines_are_found_by_what_they_are_about() -> None:
    (line,) = read(REFUSED)
    assert matching_lines(
        [line], host="shop.example.com", path="/cart?x", upstream="127.0.0.1:3000"
    )
    assert matching_lines([line], errno=111, pattern="^connect", since=CLOCK.epoch - 60)
    assert not matching_lines([line], host="blog.example.com")
    assert not matching_lines([line], path="/")
    assert not matching_lines([line], upstream="127.0.0.1:3001")
    assert not matching_lines([line], errno=13)
    assert not matching_lines([line], since=CLOCK.epoch)


def test_the_same_again_and_again_is_one_line() -> None:
    (line,) = relevant_lines(read(REFUSED * 3), "shop.example.com", 0.0)
    assert line.times == 3


def test_what_is_old_goes_but_for_a_refused_configuration() -> None:
    lines = relevant_lines(read(EMERG + OLD + REFUSED), "shop.example.com", CLOCK.epoch - 600)
    assert [line.level for line in lines] == ["emerg", "error"]


def test_other_sites_do_not_crowd_out_the_targets_lines() -> None:
    others = "".join(
        REFUSED.replace("shop.", "blog.").replace("3000", str(number)) for number in range(99)
    )
    lines = relevant_lines(read(REFUSED + others), "shop.example.com", 0.0, limit=10)
    assert len(lines) == 10
    assert matching_lines(lines, host="shop.example.com")


def places(text: str) -> list[LocationMatch]:
    (http,) = [one for one in configuration(text, "nginx.conf") if one.name == "http"]
    (server,) = [one for one in http.block or () if one.name == "server"]
    return [LocationMatch((http, server))]


def test_the_innermost_level_says_where_errors_go() -> None:
    text = "error_log logs/main.log warn; http { server { error_log /var/log/shop.log; } }"
    main = configuration(text, "nginx.conf")
    assert log_destinations(main, places(text), "logs/error.log", "/opt/nginx") == (
        LogDestination("/opt/nginx/logs/main.log", "warn"),
        LogDestination("/var/log/shop.log"),
    )


def test_the_build_says_it_where_nothing_does() -> None:
    text = "http { server { } }"
    found = log_destinations(
        configuration(text, "nginx.conf"), places(text), "/var/log/e.log", "/x"
    )
    assert found == (LogDestination("/var/log/e.log"),)


def test_not_every_log_is_a_file() -> None:
    text = "error_log stderr; error_log syslog:server=10.0.0.1 crit; http { server { } }"
    found = log_destinations(configuration(text, "nginx.conf"), places(text), "", "/x")
    assert [(one.target, one.is_file) for one in found] == [
        ("stderr", False),
        ("syslog:server=10.0.0.1", False),
    ]


def test_levels_are_known() -> None:
    assert error_log.LEVELS.index("emerg") < error_log.LEVELS.index("error")


def test_equal_lines_keep_the_page_that_sent_one_of_them() -> None:
    line = LogLine(file="/e.log", when=1.0, level="error", pid=7, text="x", referrer="https://a/")
    again = replace(line, when=2.0, referrer="")
    (merged,) = error_log.relevant_lines([line, again], "a", 0.0)
    assert (merged.when, merged.times, merged.referrer) == (2.0, 2, "https://a/")


def test_equal_lines_keep_the_last_clients() -> None:
    line = LogLine(file="/e.log", when=1.0, level="error", pid=7, text="x", client="192.0.2.0")
    lines = [
        replace(line, when=float(number), client=f"192.0.2.{number % 10}") for number in range(30)
    ]
    (merged,) = error_log.relevant_lines(lines, "a", 0.0)
    assert merged.clients == tuple(f"192.0.2.{number}" for number in range(2, 10))
    (merged,) = error_log.relevant_lines([line, line], "a", 0.0)
    assert merged.clients == ()
