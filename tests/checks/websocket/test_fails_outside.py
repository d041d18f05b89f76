from diagnose.model import Severity
from tests.support.check_evidence import CHAT, judge
from tests.support.vantage_evidence import ON_SERVER, silent, visit
from tests.support.websocket_evidence import upgrade

CHECK = "websocket.fails-outside"
OPEN = upgrade(status=101, accepted=True)
REFUSED = visit(status=400, purpose="websocket", path="/ws")


def test_fires_where_only_the_page_gets_through() -> None:
    (claim,) = judge(CHECK, OPEN, visit(), REFUSED, target=CHAT)
    assert claim.severity is Severity.WARNING
    assert claim.facts["status"] == 400


def test_fires_as_an_error_where_the_server_alone_opens_it() -> None:
    (claim,) = judge(CHECK, ON_SERVER, OPEN, visit(), REFUSED, target=CHAT)
    assert claim.severity is Severity.ERROR


def test_silent_where_it_opens_there_or_not_here() -> None:
    opened = visit(status=101, purpose="websocket", path="/ws")
    assert not judge(CHECK, OPEN, visit(), opened, target=CHAT)
    assert not judge(CHECK, upgrade(status=400), visit(), REFUSED, target=CHAT)


def test_silent_where_the_place_gets_no_page_either() -> None:
    assert not judge(CHECK, OPEN, silent(), REFUSED, target=CHAT)
