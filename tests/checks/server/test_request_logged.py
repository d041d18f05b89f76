"""server.request-logged: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence, Edit, Severity
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import ServerRequestError
from diagnose.model.site_folders import SiteFolder
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, LISTENING, apache_config

CHECK = "server.request-logged"
LOG = "/var/log/apache2/error.log"
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=403)
REFUSED = ServerRequestError(
    product="apache",
    log=LOG,
    reason="firewall",
    message="Inbound Anomaly Score Exceeded (Total Score: 5)",
    rule="949110",
)
LOGGED = ServerRequestError(
    product="apache",
    log=LOG,
    reason="logged",
    message="AH00037: Symbolic link not allowed or link target not accessible: /srv/a",
    code="AH00037",
)


def test_fires_on_a_rule_of_a_firewall() -> None:
    (claim,) = judge(CHECK, APACHE, LISTENING, apache_config(), PAGE, REFUSED)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.WARNING)
    assert claim.facts["rule"] == "949110"


def test_fires_on_a_link_that_may_not_be_followed() -> None:
    (claim,) = judge(CHECK, APACHE, LISTENING, apache_config(), PAGE, LOGGED)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
    assert claim.facts["symlink"] is True


OPTIONS = """\
<Directory />
    Options FollowSymLinks
</Directory>
<Directory "/srv/shop">
    Options -Indexes -FollowSymLinks
</Directory>
<VirtualHost *:443>
    ServerName shop.example.com
    DocumentRoot /srv/shop
    SSLEngine on
</VirtualHost>
"""
LINK = replace(LOGGED, message=LOGGED.message.replace("/srv/a", "/srv/shop/media"))


@pytest.mark.parametrize(
    ("text", "error", "is_edited"),
    [
        (OPTIONS, LINK, True),
        (OPTIONS.replace("-Indexes -FollowSymLinks", "MultiViews"), LINK, True),
        (OPTIONS.replace(" -FollowSymLinks", ""), LINK, False),  # the target may not be read
        (OPTIONS.replace("-Indexes -FollowSymLinks", "All"), LINK, False),
        (OPTIONS, LOGGED, False),  # another folder
    ],
)
def test_fires_with_an_edit_where_an_option_keeps_links_back(
    text: str, error: ServerRequestError, is_edited: bool
) -> None:
    (claim,) = judge(CHECK, APACHE, LISTENING, apache_config(text), PAGE, error)
    assert claim.fix
    step = claim.fix.steps[0]
    assert isinstance(step, Edit) is is_edited
    assert not is_edited or "+        Options +FollowSymLinks\n" in step.diff  # type: ignore[union-attr]


def test_fires_on_a_message_without_an_explanation() -> None:
    other = replace(LOGGED, code="AH09999", message="AH09999: odd")
    (claim,) = judge(CHECK, APACHE, LISTENING, apache_config(), PAGE, other)
    assert claim.severity is Severity.NOTE
    (broken,) = judge(CHECK, APACHE, apache_config(), replace(PAGE, status=500), other)
    assert broken.severity is Severity.ERROR


def test_fires_with_an_error_where_php_does_not_see_the_script() -> None:
    unseen = replace(LOGGED, code="AH01071", message="AH01071: Got error 'Primary script unknown'")
    (claim,) = judge(CHECK, APACHE, apache_config(), replace(PAGE, status=404), unseen)
    assert claim.severity is Severity.ERROR


def test_silent_about_a_page_with_another_status_than_the_lines_request() -> None:
    """Issue 259 of homebridge-config-ui-x: the line is about the WebSocket, and the application
    answers its path with 400 without one."""
    message = "AH00898: Error reading from remote server returned by /socket.io/"
    cut = replace(LOGGED, code="AH00898", message=message)
    assert not judge(CHECK, APACHE, apache_config(), replace(PAGE, status=400), cut)
    (claim,) = judge(CHECK, APACHE, apache_config(), replace(PAGE, status=502), cut)
    assert claim.facts["cut"] is True


def test_fires_as_a_note_where_nobody_has_the_script() -> None:
    unseen = replace(LOGGED, code="AH01071", message="AH01071: Got error 'Primary script unknown'")
    folder = SiteFolder(path="/var/www/shop", requested="/example.php", exists=True)
    page = replace(PAGE, status=404)
    (claim,) = judge(CHECK, APACHE, apache_config(), page, unseen, folder)
    assert claim.severity is Severity.NOTE
    there = replace(folder, page_exists=True)
    (claim,) = judge(CHECK, APACHE, apache_config(), page, unseen, there)
    assert claim.severity is Severity.ERROR


def test_fires_on_a_refused_websocket() -> None:
    socket = Upgrade(
        url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443, status=403
    )
    target = replace(SHOP, websockets=("/ws",))
    (claim,) = judge(CHECK, APACHE, apache_config(), socket, REFUSED, target=target)
    assert claim.facts["path"] == "/ws"


def test_silent_where_the_page_came_or_another_check_knows_the_reason() -> None:
    assert not judge(CHECK, APACHE, apache_config(), replace(PAGE, status=200), REFUSED)
    handler = replace(LOGGED, reason="handler")
    assert not judge(CHECK, APACHE, apache_config(), PAGE, handler)


def test_fires_with_an_error_where_rules_of_an_htaccess_may_not_count() -> None:
    forbidden = replace(
        LOGGED,
        code="AH00670",
        message="AH00670: Options FollowSymLinks and SymLinksIfOwnerMatch are both off, so the "
        "RewriteRule directive is also forbidden",
    )
    (claim,) = judge(CHECK, APACHE, LISTENING, apache_config(), PAGE, forbidden)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.ERROR)
    assert claim.facts["no_links"] is True


def test_fires_and_lets_rules_of_the_folder_count() -> None:
    message = "AH00670: Options FollowSymLinks and SymLinksIfOwnerMatch are both off"
    error = replace(LOGGED, message=message, code="AH00670")
    (claim,) = judge(CHECK, APACHE, LISTENING, apache_config(), PAGE, error)
    assert claim.facts["no_links"] is True
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        Options +FollowSymLinks\n" in edit.diff
