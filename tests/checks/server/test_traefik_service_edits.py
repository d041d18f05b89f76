"""Edits of a service of Traefik: the application's own name, and TLS to it."""

import pytest

from checks.server import ServerView
from checks.server._traefik_service_edits import own_host_edit, tls_edit
from diagnose.model.web_servers import ServerFile, SiteRoute, WebServerConfig
from tests.support.check_evidence import evidence
from tests.support.traefik_evidence import TRAEFIK

FILE = "/etc/traefik/dynamic/shop.yml"
TEXT = """\
http:
  routers:
    shop: {rule: Host(`shop.example.com`), service: shop, tls: {}}
  services:
    shop:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:9443
    other:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:3000
"""
LINE = 8


def view_of(text: str, static: str = "") -> ServerView:
    files = (ServerFile("/etc/traefik/traefik.yml", static), ServerFile(FILE, text))
    config = WebServerConfig(product="traefik", path="/etc/traefik/traefik.yml", files=files)
    return ServerView(evidence(TRAEFIK, config), TRAEFIK, config, None)


def route(line: int = LINE) -> SiteRoute:
    return SiteRoute(path="/", target="http://127.0.0.1:9443", file=FILE, line=line)


def tls_diff(text: str, is_trusted: bool = False, static: str = "") -> str:
    edit = tls_edit(view_of(text, static), route(), is_trusted)
    return edit.diff if edit else ""


def test_tls_to_an_application_with_its_own_certificate() -> None:
    diff = tls_diff(TEXT)
    assert "-          - url: http://127.0.0.1:9443\n" in diff
    assert "+          - url: https://127.0.0.1:9443\n" in diff
    assert "+        serversTransport: own\n         servers:\n" in diff
    assert " http:\n+  serversTransports:\n+    own:\n+      insecureSkipVerify: true\n" in diff


def test_tls_to_an_application_with_a_known_certificate() -> None:
    diff = tls_diff(TEXT, is_trusted=True)
    assert "+          - url: https://127.0.0.1:9443\n" in diff
    assert "serversTransport" not in diff


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("    other:", "          - url: http://127.0.0.1:9444\n    other:"),
        TEXT.replace("  routers:", "  serversTransports: {a: {}}\n  routers:"),
        TEXT.replace("        servers:\n          - url: http://127.0.0.1:9443\n",
                     "        servers: [{url: 'http://127.0.0.1:9443'}]\n\n"),
        "x\n",
    ],
)  # fmt: skip
def test_no_tls_where_it_is_written_in_another_way(text: str) -> None:
    assert not tls_diff(text)


def test_no_edit_of_files_that_are_not_read_again() -> None:
    assert not tls_diff(TEXT, static="providers: \n  file:\n    watch: false\n")


def host_diff(text: str) -> str:
    edit = own_host_edit(view_of(text), route())
    return edit.diff if edit else ""


def test_the_application_gets_its_own_name() -> None:
    assert "+        passHostHeader: false\n         servers:\n" in host_diff(TEXT)
    own = TEXT.replace("        servers:\n", "        passHostHeader: true\n        servers:\n", 1)
    edit = own_host_edit(view_of(own), route(LINE + 1))
    assert edit
    assert "-        passHostHeader: true\n+        passHostHeader: false\n" in edit.diff


def test_no_name_where_it_is_sent_already() -> None:
    own = TEXT.replace("        servers:\n", "        passHostHeader: false\n        servers:\n", 1)
    assert own_host_edit(view_of(own), route(LINE + 1)) is None


def test_a_list_may_stand_as_deep_as_its_key() -> None:
    text = TEXT.replace("          - url", "        - url")
    assert "+        passHostHeader: false\n" in host_diff(text)
