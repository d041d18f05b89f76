from dataclasses import replace

from diagnose.model import Claim, Observation
from diagnose.model.haproxy import HaproxyStatus, ServerState
from tests.support.check_evidence import judge as put
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

BUSY = ServerState("app", "a", "UP", current=2, limit=2)


def judge(*observations: Observation) -> list[Claim]:
    return put("server.haproxy-server-full", SERVER, config(TEXT), *observations)


def status(*servers: ServerState) -> HaproxyStatus:
    return HaproxyStatus(path="/run/haproxy/admin.sock", servers=servers)


def test_fires_where_every_server_has_as_many_requests_as_it_may() -> None:
    (claim,) = judge(page(), status(BUSY))
    assert (claim.facts["servers"], claim.facts["limit"]) == (("a",), 2)
    assert judge(page(), status(BUSY, ServerState("app", "b", "DOWN")))


def test_silent_where_there_is_room_or_the_page_comes() -> None:
    assert not judge(page(), status(replace(BUSY, current=1)))
    assert not judge(page(), status(BUSY, ServerState("app", "b", "UP", current=9)))
    assert not judge(page(200), status(BUSY))
    assert not judge(page(), status())
