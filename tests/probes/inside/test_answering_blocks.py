from diagnose.model.nginx import InnerNginx
from diagnose.model.server import Listener, Listeners
from diagnose.probes.inside.answering_blocks import answering_blocks, plain_blocks
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


def plain_ports(text: str, *held: int) -> list[int]:
    looking = Looking(RecordedMachine({}))
    sockets = tuple(Listener(address="0.0.0.0", port=port, family=4) for port in held)
    looking.observations += (Listeners(sockets=sockets),)
    return [socket.port for socket, _ in plain_blocks(looking, config(text))]


def test_another_machine_that_ends_tls_asks_the_blocks_of_http() -> None:
    plain = SITE.replace("443 ssl", "80")
    assert plain_ports(plain, 80) == [80]
    assert plain_ports(plain, 80, 443) == []
    assert plain_ports(plain.replace("shop.example", "blog.example"), 80) == []
    assert list(plain_blocks(Looking(RecordedMachine({})), config(plain))) == []
