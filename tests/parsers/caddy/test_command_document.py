import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers.caddy.command_document import command_document
from diagnose.parsers.caddy.sites import sites_of

PROXY = "caddy reverse-proxy --from shop.example.com --to 127.0.0.1:3000"


def test_a_proxy_by_its_options() -> None:
    sites = sites_of(command_document(PROXY))
    site = next(site for site in sites if site.routes)
    assert site.names == ("shop.example.com",)
    assert [(socket.port, socket.tls) for socket in site.sockets] == [(443, True)]
    assert (site.routes[0].host, site.routes[0].port) == ("127.0.0.1", 3000)
    assert any(site.redirects for site in sites)


@pytest.mark.parametrize(
    ("options", "port", "tls", "target"),
    [
        ("--from http://shop.example.com --to :9000", 80, False, ("localhost", 9000)),
        ("--from :8080 --to=localhost:9000", 8080, False, ("localhost", 9000)),
        ("--from shop.example.com:8443 --to https://10.0.0.1", 8443, True, ("10.0.0.1", 443)),
        ("-f http://shop.example.com:81 -t 127.0.0.1:1", 81, False, ("127.0.0.1", 1)),
    ],
)
def test_addresses_of_a_proxy(options: str, port: int, tls: bool, target: tuple[str, int]) -> None:
    site = next(
        site for site in sites_of(command_document(f"caddy reverse-proxy {options}")) if site.routes
    )
    assert [(socket.port, socket.tls) for socket in site.sockets] == [(port, tls)]
    assert (site.routes[0].host, site.routes[0].port) == target


def test_files_by_their_options() -> None:
    (site,) = sites_of(command_document("caddy file-server --root site --listen :80", "/srv"))
    assert (site.root, site.sockets[0].port) == ("/srv/site", 80)
    assert command_document("caddy file-server --root site") is None
    here = sites_of(command_document("caddy file-server --domain shop.example.com", "/srv"))
    assert here[0].root == "/srv"


def test_other_commands_have_no_document() -> None:
    assert command_document("caddy run --config /etc/caddy/Caddyfile") is None
    assert command_document("caddy") is None
    assert command_document("") is None
    assert command_document("caddy reverse-proxy --from shop.example.com") is None


@given(st.text("caddy reverse-proxy --from :/[]. --to,"))
def test_any_command_line_is_read(text: str) -> None:
    command_document(text)
    sites_of(command_document(f"{PROXY} {text}"))
