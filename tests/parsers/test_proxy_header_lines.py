"""Headers of the PROXY protocol in access logs."""

from diagnose.parsers.proxy_header_lines import header_lines

NOW = 1_796_150_340.0  # 01/Dec/2026:18:39:00 +0000
TIME = "01/Dec/2026:18:38:53 +0000"
HEADER = "PROXY TCP4 198.51.100.10 203.0.113.80 37960 443"


def test_nginx_logs_the_line_of_version_1_and_the_first_byte_of_version_2() -> None:
    text = (
        f'203.0.113.80 - - [{TIME}] "{HEADER}" 400 150 "-" "-"\n'
        f'203.0.113.80 - - [{TIME}] "\\x00" 400 150 "-" "-"\n'
    )
    first, second = header_lines(text, NOW)
    assert (first.sender, first.version, first.visitor) == ("203.0.113.80", 1, "198.51.100.10")
    assert (first.port, first.written) == (443, TIME)
    assert (second.version, second.visitor) == (2, "")


def test_apache_logs_the_line_up_to_the_visitor_and_nothing_of_version_2() -> None:
    text = (
        f'shop.example.com:80 203.0.113.80 - - [{TIME}] "PROXY TCP4 198.51.100.10" 400 530 "-"\n'
        f'shop.example.com:80 203.0.113.80 - - [{TIME}] "" 400 530 "-" "-"\n'
        f'2001:db8::80 - - [{TIME}] "PROXY UNKNOWN" 400 530 "-" "-"\n'
    )
    seen = [(line.sender, line.version, line.port) for line in header_lines(text, NOW)]
    assert seen == [("203.0.113.80", 1, 0), ("203.0.113.80", 2, 0), ("2001:db8::80", 1, 0)]


def test_other_requests_older_ones_and_those_that_were_answered_are_left_out() -> None:
    line = f'203.0.113.80 - - [{TIME}] "{HEADER}" 400 150 "-" "-"'
    for text in (
        line.replace('" 400', '" 200'),
        line.replace(HEADER, "GET /PROXY HTTP/1.1"),
        line.replace(HEADER, "PROXY HTTP/1.1"),
        line.replace("203.0.113.80 -", "balancer -", 1),
        line.replace(TIME, "01/Dec/2026:17:38:53 +0000"),
        line.replace(TIME, "01/Dez/2026:18:38:53 +0000"),
    ):
        assert not list(header_lines(text, NOW))
