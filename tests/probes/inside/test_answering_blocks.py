from diagnose.model.nginx import InnerNginx
from diagnose.probes.inside.answering_blocks import answering_blocks
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import SITE, config
from tests.support.recorded_machine import RecordedMachine

INNER = InnerNginx(port=8080, address="localhost", host="shop.example.com", product="caddy")
BEHIND = SITE.replace("443 ssl", "127.0.0.1:8080")


def ports(text: str, *inner: InnerNginx) -> list[int]:
    looking = Looking(RecordedMachine({}))
    looking.observations += inner
    return [socket.port for socket, _ in answering_blocks(looking, config(text))]


def test_the_targets_port_comes_first() -> None:
    assert ports(SITE) == [443]
    assert ports(SITE + BEHIND, INNER) == [443]


def test_the_port_behind_is_taken_where_it_was_seen() -> None:
    assert ports(BEHIND, INNER) == [8080]
    assert ports(BEHIND) == []
