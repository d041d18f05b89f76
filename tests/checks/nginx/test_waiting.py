import pytest

from checks.nginx import Nginx
from checks.nginx._waiting import has_the_site, holder_of_a_port
from diagnose.model import Observation
from diagnose.model.server import Listener, Listeners
from tests.support.check_evidence import evidence
from tests.support.nginx_evidence import RUNNING, STOPPED, config

SITE = config("server { listen 80; listen 443 ssl; server_name shop.example.com; }\n")
OTHER = config("server { listen 443 ssl; server_name blog.example.com; }\n")


def nginx(*observations: Observation) -> Nginx:
    return Nginx.of(evidence(*observations))


def test_only_a_stopped_nginx_with_the_name_has_the_site() -> None:
    assert has_the_site(nginx(STOPPED, SITE))
    assert not has_the_site(nginx(STOPPED, OTHER))
    assert not has_the_site(nginx(RUNNING, SITE))
    assert not has_the_site(nginx(SITE))


@pytest.mark.parametrize(
    ("address", "family", "dual", "listen", "meet"),
    [
        ("0.0.0.0", 4, False, "80", True),
        ("::", 6, True, "80", True),
        ("::", 6, False, "80", False),
        ("::", 6, False, "[::]:80", True),
        ("127.0.0.1", 4, False, "80", True),
        ("127.0.0.1", 4, False, "203.0.113.10:80", False),
        ("0.0.0.0", 4, False, "203.0.113.10:80", True),
        ("0.0.0.0", 4, False, "8080", False),
    ],
)
def test_two_sockets_that_exclude_each_other(
    address: str, family: int, dual: bool, listen: str, meet: bool
) -> None:
    held = Listener(address=address, port=80, family=family, dual=dual, process="apache2")
    site = config(f"server {{ listen {listen}; }}\n")
    found = holder_of_a_port(nginx(STOPPED, site, Listeners(sockets=(held,))))
    assert (found is held) is meet
