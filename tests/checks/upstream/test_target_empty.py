"""upstream.target-empty: when it fires, and when it is silent."""

from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import LOG_READ, logged, page

CHECK = "upstream.target-empty"
SITE = (
    "map $host $backend {\n www.shop.example.com 127.0.0.1:3000;\n}\n"
    "server {\n listen 443 ssl;\n server_name shop.example.com;\n"
    " location / { proxy_pass http://$backend; }\n}\n"
)
ERROR = logged('no host in upstream ""')


def test_fires_and_names_the_map() -> None:
    (claim,) = judge(CHECK, RUNNING, config(SITE), page(500), LOG_READ, ERROR)
    assert claim.facts["map"] == "map $host $backend"
    assert claim.facts["variables"] == ("$backend",)


def test_silent_without_a_variable_or_another_status() -> None:
    plain = SITE.replace("$backend;", "127.0.0.1:3000;")
    assert not judge(CHECK, RUNNING, config(plain), page(500), LOG_READ, ERROR)
    assert not judge(CHECK, RUNNING, config(SITE), page(404), LOG_READ, ERROR)
    other = logged("upstream timed out (110: Connection timed out)")
    assert not judge(CHECK, RUNNING, config(SITE), page(500), LOG_READ, other)
