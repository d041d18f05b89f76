from dataclasses import replace

import pytest

from diagnose.model import Command, Confidence, Edit, Severity
from diagnose.model.backends import BackendVisit
from tests.checks.server.test_websocket_not_passed import OLD, PAGES
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, apache_config
from tests.support.websocket_evidence import upgrade

CHECK = "server.websocket-other-application"
TWO = PAGES.replace(
    "    ProxyPass / ", "    ProxyPass /api http://127.0.0.1:3001/api\n    ProxyPass / ", 1
)
CHAT = replace(SHOP, websockets=("/ws",))
OPENED = BackendVisit(
    target="http://127.0.0.1:3001/api", requested="/ws", path="/ws", websocket=True, status=101,
    connected=True, accepted=True,
)  # fmt: skip


def test_fires_where_another_application_opens_it() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(TWO), OPENED, upgrade(404), target=SHOP)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert (claim.facts["target"], claim.facts["own"]) == ("127.0.0.1:3001", "127.0.0.1:3000")
    (claim,) = judge(CHECK, APACHE, apache_config(TWO), OPENED, upgrade(404), target=CHAT)
    assert claim.severity is None


@pytest.mark.parametrize(
    "visit",
    [
        replace(OPENED, accepted=False, status=404),
        replace(OPENED, target="http://127.0.0.1:3000/"),
        replace(OPENED, path="/api/ws"),
        replace(OPENED, websocket=False),
    ],
    ids=["refused there", "its own application", "another path", "a page"],
)
def test_silent_where_no_other_application_opens_it(visit: BackendVisit) -> None:
    assert not judge(CHECK, APACHE, apache_config(TWO), visit, upgrade(404), target=CHAT)


def test_silent_where_it_opens_or_wants_a_login() -> None:
    observations = (APACHE, apache_config(TWO), OPENED)
    assert not judge(CHECK, *observations, upgrade(401), target=CHAT)
    assert not judge(CHECK, *observations, upgrade(101), target=CHAT)
    assert not judge(CHECK, *observations, target=CHAT)


def test_the_fix_of_apache_stands_above_all_other_lines() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(TWO), OPENED, upgrade(404), target=CHAT)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    line = "+    ProxyPass /ws ws://127.0.0.1:3001/ws\n     ProxyPass /api http://"
    assert line in edit.diff
    (claim,) = judge(CHECK, OLD, apache_config(TWO), OPENED, upgrade(404), target=CHAT)
    assert claim.fix
    enable = claim.fix.steps[0]
    assert isinstance(enable, Command)
    assert enable.argv == ("a2enmod", "proxy_wstunnel")
