from dataclasses import replace

from diagnose.model import Confidence, Edit, Manual, Severity, Symptom, Vantage
from diagnose.model.requests import CountedRequest
from diagnose.model.visitor import SharedLimit
from diagnose.parsers.access_log import AccessLine
from diagnose.parsers.shared_limits import shared_refusal
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, HOST, RUNNING, config

CHECK = "upstream.visitors-counted-as-one"
NAMES = {"shop.example.com"}
LIMIT = SharedLimit(
    vantage=Vantage.SERVER, file="/var/log/nginx/access.log", method="POST", path="/login",
    clients=("198.51.100.7", "192.0.2.66"), first="192.0.2.66", admitted=5, is_from_page=True,
    written="01/Dec/2026:22:01:10 +0000", server="nginx",
)  # fmt: skip
FIELDS = "        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n"


def site(inside: str = FIELDS):  # type: ignore[no-untyped-def]
    return config(
        "server {\n    listen 443 ssl;\n    server_name shop.example.com;\n    location / {\n"
        f"{inside}        proxy_pass http://127.0.0.1:3000;\n    }}\n}}\n"
    )


def test_fires_where_the_first_request_of_a_visitor_was_refused() -> None:
    (claim,) = judge(CHECK, HOST, BUILD, RUNNING, site(), LIMIT)
    assert (claim.severity, claim.confidence) == (None, Confidence.LIKELY)
    assert claim.facts["first"] == "192.0.2.66"
    assert claim.fix is not None
    assert isinstance(claim.fix.steps[0], Manual)
    symptom = Symptom("status", "everybody gets 429 Too Many Requests", 429)
    target = replace(SHOP, symptom=symptom)
    by_program = replace(LIMIT, is_from_page=False)
    (claim,) = judge(CHECK, HOST, BUILD, RUNNING, site(), by_program, target=target)
    assert (claim.severity, claim.is_reported) == (None, True)
    (claim,) = judge(CHECK, HOST, BUILD, RUNNING, site(), by_program)
    assert claim.severity is Severity.NOTE


def test_fires_and_lets_nginx_tell_the_address_first() -> None:
    (claim,) = judge(CHECK, HOST, BUILD, RUNNING, site(""), LIMIT)
    assert claim.fix is not None
    (edit,) = [step for step in claim.fix.steps if isinstance(step, Edit)]
    assert "+        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;" in edit.diff


def test_fires_behind_another_server() -> None:
    (claim,) = judge(CHECK, HOST, replace(LIMIT, server="caddy"))
    assert claim.facts["passed"]


def test_silent_for_a_limit_of_nginx_and_where_the_program_was_asked() -> None:
    assert not judge(CHECK, HOST, BUILD, RUNNING, site("        limit_req zone=one;\n"), LIMIT)
    asked = CountedRequest(
        vantage=Vantage.SERVER, target="http://127.0.0.1:3000", path="/", address="127.0.0.1",
        port=3000, asker="proxy", status=429,
    )  # fmt: skip
    assert not judge(CHECK, HOST, BUILD, RUNNING, site(), LIMIT, asked)


def lines(*rows: tuple[int, str, int]) -> list[AccessLine]:
    return [
        AccessLine(when=1000.0 + when, written=str(when), method="POST", path="/login",
                   has_query=False, status=status, client=client, agent="Mozilla/5.0")
        for when, client, status in rows
    ]  # fmt: skip


BUSY = [(0, "198.51.100.7", 200), (70, "198.51.100.7", 200), (71, "198.51.100.7", 429)]


def test_a_first_request_is_one_of_a_visitor_whom_the_log_has_not_seen() -> None:
    refusal = shared_refusal(lines(*BUSY, (80, "192.0.2.66", 429)), NAMES, False, 0)
    assert refusal is not None
    assert (refusal.first, refusal.admitted) == ("192.0.2.66", 2)
    assert refusal.clients == ("198.51.100.7", "192.0.2.66")
    # Each has sent some, one alone is refused, nobody was answered, the log begins too late.
    own = (*BUSY, (75, "192.0.2.66", 200), (80, "192.0.2.66", 429))
    assert shared_refusal(lines(*own), NAMES, False, 0) is None
    assert shared_refusal(lines(*BUSY), NAMES, False, 0) is None
    refused = [(0, "198.51.100.7", 429), (80, "192.0.2.66", 429)]
    assert shared_refusal(lines(*refused), NAMES, False, 0) is None
    late = [(0, "198.51.100.7", 200), (1, "198.51.100.7", 429), (2, "192.0.2.66", 429)]
    assert shared_refusal(lines(*late), NAMES, False, 0) is None
    assert shared_refusal([], NAMES, False, 0) is None


def test_robots_that_a_site_does_not_want_are_no_visitors() -> None:
    agent = "Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)"
    busy = lines(*BUSY[:2])
    refused = lines((71, "198.51.100.9", 429), (80, "192.0.2.66", 429))
    assert shared_refusal([*busy, *refused], NAMES, False, 0) is not None
    robots = [replace(line, agent=agent) for line in refused]
    assert shared_refusal([*busy, *robots], NAMES, False, 0) is None
