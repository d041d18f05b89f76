import pytest

from checks.server import server_view
from checks.server._backend_answers import route_to_application
from checks.server._page_timeouts import page_timeouts
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import evidence
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config


def apache_timeouts(text: str) -> list[tuple[float, str]]:
    view = server_view(evidence(APACHE, apache_config(text)))
    route = route_to_application(view) if view else None
    assert view
    assert route
    return [(timeout.seconds, timeout.text) for timeout in page_timeouts(view, route)]


@pytest.mark.parametrize(
    ("line", "seconds"),
    [("ProxyTimeout 2", 2.0), ("Timeout 1min", 60.0), ("\tproxytimeout  500ms", 0.5)],
)
def test_settings_of_apache(line: str, seconds: float) -> None:
    assert apache_timeouts(f"{line}\n{HTTPS}") == [(seconds, line.strip())]


def test_what_is_no_time() -> None:
    assert not apache_timeouts(f"ProxyTimeout ${{WAIT}}\n# Timeout 5\nTimeoutSec 5\n{HTTPS}")


def test_settings_of_caddy() -> None:
    text = "a {\n\tread_timeout 1.5s\n\twrite_timeout 3s\n}\n"
    view = server_view(evidence(CADDY, caddy_config(text)))
    route = route_to_application(view) if view else None
    assert view
    assert route
    (timeout,) = page_timeouts(view, route)
    assert (timeout.seconds, timeout.text) == (1.5, "read_timeout 1.5s")
    assert timeout.place.endswith("Caddyfile:2")
