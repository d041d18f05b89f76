"""nginx.visitor-address-lost: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Claim, Confidence, Edit, Symptom, Vantage
from diagnose.model.logs import LogLine
from diagnose.model.nginx import ConfigFile, ContainerNginx, InnerNginx
from diagnose.model.requests import CountedRequest
from diagnose.model.server import Interface
from diagnose.parsers.nginx import config as nginx_parser
from tests.support import haproxy_evidence
from tests.support.check_evidence import SHOP, judge, texts
from tests.support.nginx_evidence import FILE, LOADED, RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "nginx.visitor-address-lost"
ASKED = replace(SHOP, symptom=Symptom("visitor-address", "all visitors have the address 127.0.0.1"))
PASSED = "proxy_set_header Host $host;\n        proxy_set_header X-Real-IP $remote_addr;"
INNER = """\
limit_req_zone $binary_remote_addr zone=customer:10m rate=1r/s;
server {
    listen 127.0.0.1:8081;
    server_name shop.example.com;
    REAL
    location / {
        limit_req zone=customer burst=3;
        proxy_pass http://127.0.0.1:9002;
    }
}
"""
LIMITED = LogLine(
    vantage=Vantage.SERVER, file="/var/log/nginx/error.log", when=LOADED + 9, level="error", pid=8,
    text='limiting requests, excess: 4.061 by zone "customer"', client="127.0.0.1",
    server="shop.example.com", request="GET /customer/ HTTP/1.0", host="shop.example.com",
)  # fmt: skip


def judged(text: str, *observations: LogLine, asked: bool = True) -> list[Claim]:
    target = ASKED if asked else SHOP
    return judge(
        CHECK, RUNNING, config(text), page(200), *observations, target=target, masked=False
    )


def test_fires_after_a_message_where_no_field_has_the_address() -> None:
    (claim,) = judged(SITE)
    assert claim.facts["application"] == "http://127.0.0.1:3000"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "X-Forwarded-For $proxy_add_x_forwarded_for" in str(claim.fix.steps[0])
    assert claim.location
    assert claim.location.file == FILE


def test_cloudflares_networks_are_written_into_the_block() -> None:
    edge = replace(page(200), address="203.0.113.10", headers=(("CF-RAY", "8a1b-FRA"),))
    own = Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=("203.0.113.20",))
    text = SITE.replace("proxy_set_header Host $host;", PASSED)
    given = (RUNNING, config(text), edge, own)
    (claim,) = judge(CHECK, *given, target=ASKED, masked=False)
    assert claim.facts["front"] == "Cloudflare"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "real_ip_header CF-Connecting-IP;" in str(claim.fix.steps[0])
    other = replace(edge, headers=())
    (claim,) = judge(CHECK, RUNNING, config(text), other, own, target=ASKED)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_for_a_limit_that_refused_the_proxy_of_this_server() -> None:
    (claim,) = judged(SITE + INNER.replace("REAL", ""), LIMITED, asked=False)
    assert (claim.facts["limited"], claim.facts["front"]) == (True, "127.0.0.1")
    assert claim.facts["rule"] == "limit_req zone=customer burst=3"


def test_silent_without_a_message_and_where_the_address_is_passed_on() -> None:
    assert not judged(SITE, asked=False)
    assert not judged(SITE.replace("proxy_set_header Host $host;", PASSED))


def test_silent_about_a_limit_that_refused_a_visitor_or_takes_the_address() -> None:
    other = replace(LIMITED, client="192.0.2.7")
    assert not judged(SITE + INNER.replace("REAL", ""), other, asked=False)
    real = "set_real_ip_from 127.0.0.1;"
    assert not judged(SITE + INNER.replace("REAL", real), LIMITED, asked=False)


def test_the_block_of_the_visitors_takes_the_address_from_cloudflare() -> None:
    """Varnish between the two blocks adds its own address to X-Forwarded-For. Whoever reaches this
    server past Cloudflare may send its field too, so the inner block never reads that."""
    real = "set_real_ip_from 127.0.0.1;\n    real_ip_header X-Real-IP;"
    edge = replace(page(200), address="203.0.113.80", headers=(("CF-RAY", "8a1b-FRA"),))
    inner, line = config(SITE + INNER.replace("REAL", real)), replace(LIMITED, when=LOADED - 60)
    (claim,) = judge(CHECK, RUNNING, inner, edge, line, target=SHOP, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = str(claim.fix.steps[0]).replace("\\n", "\n")
    assert "+    set_real_ip_from 162.158.0.0/15;" in edit
    assert "+    real_ip_header CF-Connecting-IP;" in edit
    assert "+        proxy_set_header X-Real-IP $remote_addr;" in edit
    assert "-    real_ip_header" not in edit
    # It is read already: this server's own requests come without it.
    read = config(SITE + INNER.replace("REAL", real.replace("X-Real-IP", "CF-Connecting-IP")))
    assert not judge(CHECK, RUNNING, read, edge, line, target=SHOP, masked=False)


def test_the_inner_block_reads_the_field_that_the_outer_block_sends() -> None:
    real = "set_real_ip_from 127.0.0.1;"
    sent = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
    outer = SITE.replace("proxy_set_header Host $host;", sent)
    line = replace(LIMITED, when=LOADED - 60)
    (claim,) = judged(outer + INNER.replace("REAL", real), line, asked=False)
    assert claim.fix
    edit = str(claim.fix.steps[0])
    assert "real_ip_header X-Forwarded-For;" in edit
    assert "real_ip_recursive on;" in edit
    both = outer.replace(sent, f"{sent}\n        proxy_set_header X-Real-IP $remote_addr;")
    assert not judged(both + INNER.replace("REAL", real), line, asked=False)


def test_fires_for_a_limit_that_refused_cloudflare() -> None:
    text = SITE.replace("location / {", "limit_req zone=customer burst=3;\n    location / {", 1)
    edge = replace(page(200), address="104.16.1.2", headers=(("CF-RAY", "8a1b-FRA"),))
    line = replace(LIMITED, client="162.158.1.2")
    (claim,) = judge(CHECK, RUNNING, config(text), edge, line, target=SHOP, masked=False)
    assert claim.fix
    assert "set_real_ip_from 162.158.0.0/15;" in str(claim.fix.steps[0])
    visitor = replace(line, client="192.0.2.7")
    assert not judge(CHECK, RUNNING, config(text), edge, visitor, target=SHOP, masked=False)


def test_fires_where_the_application_refuses_nginx_and_serves_visitors() -> None:
    """Without a message: the page is refused with 429."""
    asked = CountedRequest(
        vantage=Vantage.SERVER, target="http://127.0.0.1:3000", path="/", address="127.0.0.1",
        port=3000, asker="proxy", status=429,
    )  # fmt: skip
    visitor = replace(asked, asker="visitor", source="192.0.2.7", status=200)
    refused = replace(page(200), status=429)
    (claim,) = judge(CHECK, RUNNING, config(SITE), refused, asked, visitor)
    assert claim.confidence is Confidence.CERTAIN
    assert not judge(CHECK, RUNNING, config(SITE), refused, asked, replace(visitor, status=429))


OUTER = SITE.replace(
    "proxy_set_header Host $host;",
    f"{PASSED}\n        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
)
PATH = "web:/etc/nginx/nginx.conf"
LINES = (
    "proxy_set_header X-Real-IP $remote_addr;\n"
    "            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
)
INSIDE = """\
http {
    server {
        listen 80;
        server_name _;
        REAL
        location / {
            proxy_pass http://172.17.0.3:5000;
            LINES
        }
    }
}
"""
BRIDGE = "https://shop.example.com/ 的登录日志里所有用户的IP都是172.17.0.1"


def in_container(
    real: str = "", lines: str = LINES, words: str = BRIDGE, outer: str = OUTER
) -> list[Claim]:
    text = INSIDE.replace("REAL", real).replace("LINES", lines)
    behind = ContainerNginx(
        vantage=Vantage.SERVER,
        engine="docker",
        container="web",
        endpoints=(("127.0.0.1", 3000),),
        port=80,
        main=nginx_parser.parse(text, PATH),
        files=(ConfigFile(PATH, text),),
        pid=42,
        mounts=(("/etc/nginx", "/srv/web", False),),
    )
    target = replace(SHOP, symptom=Symptom("visitor-address", words))
    return judge(CHECK, RUNNING, config(outer), page(200), behind, target=target, masked=False)


def test_the_nginx_of_a_container_takes_the_address_from_the_one_in_front() -> None:
    (claim,) = in_container()
    assert (claim.facts["container"], claim.facts["front"]) == ("web", "172.17.0.1")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert edit.path == "/srv/web/nginx.conf"
    assert "+        set_real_ip_from 172.17.0.1;\n" in edit.diff
    assert "+        real_ip_header X-Forwarded-For;\n" in edit.diff
    assert any("in the container web" in text for text in texts(CHECK, claim))


def test_trusts_docker_s_networks_where_the_message_has_no_address_of_one() -> None:
    (claim,) = in_container(words="all users have the proxy's ip instead of the real ip")
    assert claim.facts["front"] == "172.16.0.0/12 192.168.0.0/16"
    (claim,) = in_container(words="all users have the ip 127.0.0.1")
    assert claim.facts["front"] == "172.16.0.0/12 192.168.0.0/16"


def test_takes_the_field_that_the_one_in_front_sends() -> None:
    (claim,) = in_container(outer=SITE.replace("proxy_set_header Host $host;", PASSED))
    assert claim.facts["field"] == "X-Real-IP"
    assert claim.fix
    assert "real_ip_header X-Real-IP;" in str(claim.fix.steps[0])


def test_the_block_behind_haproxy_takes_the_field_that_it_sends() -> None:
    inner = InnerNginx(
        port=8081, address="127.0.0.1", host="shop.example.com", product="haproxy"
    )  # fmt: skip
    text = haproxy_evidence.TEXT.replace("3000", "8081")
    option = text.replace("    default_b", "    option forwardfor\n    default_b")
    field = "9002;\n        proxy_set_header X-Real-IP $remote_addr;"
    block = INNER.replace("REAL", "").replace("limit_req ", "# ").replace("9002;", field)
    given = (RUNNING, config(block), page(200), inner, haproxy_evidence.SERVER)
    (claim,) = judge(CHECK, *given, haproxy_evidence.config(option), target=ASKED, masked=False)
    assert claim.facts["in_front"] == "HAProxy"
    assert claim.fix
    assert "set_real_ip_from 127.0.0.1;" in str(claim.fix.steps[0])
    assert not judge(CHECK, *given, haproxy_evidence.config(text), target=ASKED)


def test_a_person_sets_it_where_another_field_is_set() -> None:
    (claim,) = in_container("real_ip_header CF-Connecting-IP;")
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_the_block_takes_the_address_or_passes_the_fields_as_they_came() -> None:
    assert not in_container("set_real_ip_from 172.17.0.0/16; real_ip_header X-Forwarded-For;")
    assert not in_container("set_real_ip_from unix:;")
    assert not in_container(lines="proxy_set_header Host $host;")
    assert not in_container(lines="proxy_set_header X-Real-IP $http_x_real_ip;")
    # Another trusted network is none of this one.
    assert in_container("set_real_ip_from 10.0.0.0/8;")


def test_a_block_behind_of_the_same_nginx() -> None:
    inner = INNER.replace("8081", "3000").replace("REAL", "").replace("limit_req ", "# ")
    inner = inner.replace("9002;", "9002;\n        proxy_set_header X-Real-IP $remote_addr;")
    (claim,) = judged(OUTER + inner)
    assert (claim.facts["container"], claim.facts["front"]) == ("", "127.0.0.1")
    assert claim.fix
    assert "set_real_ip_from 127.0.0.1;" in str(claim.fix.steps[0])


def test_fires_for_a_limit_that_refused_the_machine_in_front() -> None:
    """It ends TLS, and asks over http: all visitors have its address."""
    text = INNER.replace("127.0.0.1:8081", "80").replace("    REAL\n", "")
    inner = InnerNginx(
        vantage=Vantage.SERVER, port=80, address="203.0.113.10", host="shop.example.com",
        product="proxy",
    )  # fmt: skip
    line = replace(LIMITED, client="203.0.113.80")
    (claim,) = judge(CHECK, page(429), RUNNING, config(text), inner, line, masked=False)
    assert claim.facts["front"] == "203.0.113.80"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    set_real_ip_from 203.0.113.80;" in edit.diff
    assert "+    real_ip_header X-Forwarded-For;" in edit.diff
    visitors = replace(LIMITED, client="198.51.100.7")
    assert not judge(CHECK, page(429), RUNNING, config(text), inner, line, visitors)
    assert not judge(CHECK, page(429), RUNNING, config(text), line)
