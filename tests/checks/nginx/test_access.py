from checks.nginx import Nginx
from checks.nginx._access import PathAccess, visitor_access
from tests.support.check_evidence import CHAT, evidence
from tests.support.nginx_evidence import SITE, config

VISITOR = "192.0.2.66"


def accesses(text: str, visitor: str = VISITOR) -> list[PathAccess]:
    return list(visitor_access(Nginx.of(evidence(config(text), target=CHAT)), visitor))


def test_each_path_is_judged_once_for_a_block_on_two_sockets() -> None:
    text = SITE.replace("443 ssl;", "443 ssl; listen 203.0.113.10:443 ssl; deny 192.0.2.66;")
    assert [(access.path, access.answer.status) for access in accesses(text)] == [("/ws", 403)]


def test_the_socket_of_the_visitors_family_responds() -> None:
    ipv6 = SITE.replace("listen 443", "listen [::]:443").replace("location", "deny all; location")
    assert [access.answer.verdict for access in accesses(SITE + ipv6)] == ["passes"]
    assert [access.answer.verdict for access in accesses(SITE + ipv6, "2001:db8::66")] == ["denied"]
    assert [access.answer.verdict for access in accesses(ipv6)] == ["denied"]
    assert accesses(SITE, "2001:db8::66") == []


def test_behind_proxy_protocol_the_visitor_is_hidden() -> None:
    text = SITE.replace("443 ssl;", "443 ssl proxy_protocol; deny 192.0.2.66;")
    (access,) = accesses(text)
    assert access.hidden
    assert access.answer.verdict == "unknown"
