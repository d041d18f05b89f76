"""The lines by which Apache, Caddy and HAProxy send fields of their responses."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from checks.server import ServerView, server_on_port
from checks.server._response_fields import (
    changed_value,
    naming_line,
    removed_line,
    sending_line,
)
from diagnose.model.web_servers import ServerFile
from tests.support import haproxy_evidence
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.caddy_evidence import SITE as CADDY_SITE
from tests.support.check_evidence import evidence
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

NAME, VALUE = "Content-Security-Policy", "default-src 'self'"
OTHER = "<VirtualHost *:80>\n    ServerName aaa.example.org\n    {}\n</VirtualHost>\n"


def apache(line: str, beside: str = "") -> ServerView:
    text = HTTPS.replace("    ProxyPass /ws", f"    {line}\n    ProxyPass /ws") + beside
    return view_of(evidence(APACHE, apache_config(text)))


def caddy(line: str, beside: str = "") -> ServerView:
    text = CADDY_SITE.replace("\treverse_proxy", f"\t{line}\n\treverse_proxy") + beside
    return view_of(evidence(CADDY, caddy_config(text)))


def haproxy(line: str, beside: str = "") -> ServerView:
    text = haproxy_evidence.TEXT.replace("    default_backend", f"    {line}\n    default_backend")
    return view_of(evidence(haproxy_evidence.SERVER, haproxy_evidence.config(text + beside)))


def view_of(run: object) -> ServerView:
    view = server_on_port(run)  # type: ignore[arg-type]
    assert view
    return view


WRITTEN = (
    (apache, f'Header always set {NAME} "{VALUE}"'),
    (apache, f"Header set {NAME} \"{VALUE}\" env=HTTPS"),
    (apache, f"header append {NAME.lower()}: \"{VALUE}\""),
    (caddy, f'header {NAME} "{VALUE}"'),
    (caddy, f'header /* {NAME} "{VALUE}"'),
    (caddy, f"header {{\n\t\t{NAME} `{VALUE}`\n\t}}"),
    (caddy, f'header ?{NAME} "{VALUE}"'),
    (haproxy, f'http-response set-header {NAME} "{VALUE}"'),
    (haproxy, f"http-response add-header {NAME} default-src\\ \\'self\\' if {{ ssl_fc }}"),
    (haproxy, f'http-after-response set-header {NAME} "{VALUE}"'),
)  # fmt: skip


@pytest.mark.parametrize(("server", "line"), WRITTEN)
def test_the_line_that_sends_what_visitors_get(
    server: Callable[..., ServerView], line: str
) -> None:
    view = server(line)
    sending = sending_line(view, NAME, [f"  {VALUE} "])
    assert sending
    assert sending.value == VALUE
    assert sending == naming_line(view, NAME)
    assert sending.location.line == sending.number
    changed = changed_value(view, sending, 'a "b"')
    assert changed
    assert f"-{sending.text}\n" in changed.diff
    assert '"a \\"b\\""' in changed.diff
    assert VALUE not in changed.diff.rpartition("\n+")[2]
    removed = removed_line(view, sending)
    assert removed
    assert f"# {sending.text.strip()}\n" in removed.diff


@pytest.mark.parametrize(("server", "line"), WRITTEN)
def test_not_a_line_with_another_value_or_name(
    server: Callable[..., ServerView], line: str
) -> None:
    assert sending_line(server(line), NAME, ["default-src *"]) is None
    assert sending_line(server(line), "X-Frame-Options", [VALUE]) is None


@pytest.mark.parametrize(
    ("server", "line"),
    [
        (apache, f'Header unset {NAME}\n# Header set {NAME} "{VALUE}"'),
        (apache, f'RequestHeader set {NAME} "{VALUE}"'),
        (apache, f'Header set {NAME} "%{{POLICY}}e"'),
        (caddy, f'request_header {NAME} "{VALUE}"'),
        (caddy, f"# header {NAME} `{VALUE}`"),
        (caddy, f"@asked {{\n\t\theader {NAME} `{VALUE}`\n\t}}"),
        (caddy, f"header {NAME} {{header.Origin}}"),
        (haproxy, f'http-request set-header {NAME} "{VALUE}"'),
        (haproxy, f"http-response set-header {NAME} %[var(txn.policy)]"),
        (haproxy, f"http-response del-header {NAME}"),
    ],
)
def test_not_what_sends_no_field_of_a_response(
    server: Callable[..., ServerView], line: str
) -> None:
    assert sending_line(server(line), NAME, [VALUE, "{header.Origin}"]) is None


def test_two_lines_with_the_same_value_are_none() -> None:
    line = f'Header set {NAME} "{VALUE}"'
    assert sending_line(apache(f"{line}\n    {line}"), NAME, [VALUE]) is None


def test_not_a_line_of_another_site() -> None:
    line = f'Header set {NAME} "{VALUE}"'
    view = apache("", OTHER.format(line))
    assert sending_line(view, NAME, [VALUE]) is None
    assert naming_line(view, NAME) is None


def test_a_line_outside_of_all_virtual_hosts_of_apache() -> None:
    config = apache_config()
    file = ServerFile("/etc/apache2/conf-enabled/security.conf", f'Header set {NAME} "{VALUE}"\n')
    view = view_of(evidence(APACHE, replace(config, files=(*config.files, file))))
    sending = sending_line(view, NAME, [VALUE])
    assert sending
    assert sending.place == "/etc/apache2/conf-enabled/security.conf:1"


def test_a_percent_sign_is_doubled() -> None:
    view = apache(f'Header set {NAME} "a%%20b"')
    sending = sending_line(view, NAME, ["a%20b"])
    assert sending
    changed = changed_value(view, sending, "c%20d")
    assert changed
    assert '+    Header set Content-Security-Policy "c%%20d"\n' in changed.diff


def test_what_a_product_cannot_write() -> None:
    view = caddy(f'header {NAME} "{VALUE}"')
    sending = sending_line(view, NAME, [VALUE])
    assert sending
    assert changed_value(view, sending, "{path}") is None
