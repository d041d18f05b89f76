"""upstream.proxied-to-itself: when it fires, and when it is silent."""

from tests.support.check_evidence import judge
from tests.support.firewall_rules import nic
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import page
from tests.support.upstreams import tried

CHECK = "upstream.proxied-to-itself"
OWN = "https://shop.example.com"
TEXT = SITE.replace("http://127.0.0.1:3000", OWN)
REACHED = tried(OWN, "203.0.113.10", host="shop.example.com", port=443)


def test_fires_where_the_sites_own_name_is_passed_on_to() -> None:
    (claim,) = judge(CHECK, config(TEXT), BUILD, RUNNING, page(502), REACHED, nic())
    assert claim.facts["target"] == OWN
    assert claim.location


def test_fires_over_loopback() -> None:
    text = SITE.replace("http://127.0.0.1:3000", "https://127.0.0.1")
    reached = tried("https://127.0.0.1", port=443)
    assert judge(CHECK, config(text), page(400), reached, nic())


def test_silent_where_it_works_or_the_name_leads_elsewhere() -> None:
    assert not judge(CHECK, config(TEXT), page(200), REACHED, nic())
    elsewhere = tried(OWN, "203.0.113.99", host="shop.example.com", port=443)
    assert not judge(CHECK, config(TEXT), page(502), elsewhere, nic())


def test_silent_where_another_block_of_the_same_nginx_answers() -> None:
    inner = "server {\n    listen 443 ssl;\n    server_name 127.0.0.1;\n    return 500;\n}\n"
    text = SITE.replace("http://127.0.0.1:3000", "https://127.0.0.1").replace(
        "        proxy_set_header Host $host;\n", ""
    )
    reached = tried("https://127.0.0.1", port=443)
    assert not judge(CHECK, config(text + inner), page(500), reached, nic())
