"""Health checks in access logs."""

from diagnose.parsers.health_check_lines import refused_checks

NOW = 1_796_150_340.0  # 01/Dec/2026:18:39:00 +0000


def log(*seconds: int, status: int = 404, agent: str = "-", path: str = "/healthz") -> str:
    return "".join(
        f'203.0.113.80 - - [01/Dec/2026:18:38:{second:02} +0000] "GET {path} HTTP/1.1" {status} 153'
        f' "-" "{agent}"\n'
        for second in seconds
    )


def test_equal_requests_in_even_intervals_are_a_check() -> None:
    text = log(10, 20, 30, 40, agent="ELB-HealthChecker/2.0")
    (check,) = refused_checks(text, NOW)
    assert (check.sender, check.path, check.status) == ("203.0.113.80", "/healthz", 404)
    assert (check.every_s, check.times, check.port) == (10.0, 4, 0)
    assert check.agent == "ELB-HealthChecker/2.0"
    with_port = "".join(f"shop.example.com:80 {line}\n" for line in text.splitlines())
    (check,) = refused_checks(with_port, NOW)
    assert check.port == 80


def test_few_uneven_and_served_requests_and_browsers_are_none() -> None:
    for text in (
        log(10, 20, 30),
        log(10, 11, 12, 50),
        log(10, 20, 30, 40, status=200),
        log(10, 20, 30) + log(40, status=200),
        log(10, 20, 30, 40, agent="Mozilla/5.0 (X11)"),
        log(10, 20, 30, 40).replace("Dec/2026:18", "Dec/2026:17"),
        log(10, 10, 10, 10),
    ):
        assert not list(refused_checks(text, NOW))
