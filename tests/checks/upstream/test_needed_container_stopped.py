"""upstream.needed-container-stopped: when it fires, and when it is silent. Docker does not run
here: what it says is given as literals."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Command, Vantage
from diagnose.model.containers import ComposeService, Container, Containers
from diagnose.model.http import Exchange
from diagnose.model.program_logs import ProgramLine
from diagnose.parsers.lost_hosts import lost_host
from tests.support.check_evidence import judge, texts

CHECK = "upstream.needed-container-stopped"
FILE = "/srv/shop/compose.yml"
APP = Container(
    engine="docker",
    id="a" * 64,
    name="shop-app-1",
    networks=("shop_default",),
    state="running",
    status="Up 2 hours",
    compose=ComposeService("shop", "app", "/srv/shop", (FILE,)),
)
DATABASE = replace(
    APP,
    id="b" * 64,
    name="shop-db-1",
    state="exited",
    status="Exited (0) 2 hours ago",
    compose=ComposeService("shop", "db", "/srv/shop", (FILE,)),
    restart="no",
)
LINE = ProgramLine(
    vantage=Vantage.SERVER,
    equivalent="docker logs shop-app-1",
    message="Error: getaddrinfo ENOTFOUND db",
    weight=3,
    endpoint="8080",
    process="shop-app-1",
)
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=500)


def claims(*containers: Container, line: ProgramLine = LINE, page: Exchange = PAGE) -> list[Claim]:
    seen = Containers(vantage=Vantage.SERVER, engines=("docker",), containers=containers)
    return judge(CHECK, line, seen, page, masked=False)


def test_fires_for_a_database_that_was_not_started() -> None:
    (claim,) = claims(APP, DATABASE)
    assert (claim.facts["application"], claim.facts["container"]) == ("shop-app-1", "shop-db-1")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    words = [step.argv for step in claim.fix.steps if isinstance(step, Command)]
    assert words[-1] == ("docker", "start", "shop-db-1")
    assert any("needs the container shop-db-1" in text for text in texts(CHECK, claim))


def test_fires_for_a_person_where_it_failed() -> None:
    failed = replace(DATABASE, status="Exited (1) 2 hours ago", last_words="FATAL: no space left")
    (claim,) = claims(APP, failed)
    assert claim.facts["last_words"] == "FATAL: no space left"
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("containers", "line", "page"),
    [
        # It runs; the line is about another host; it is of another project and network.
        ((APP, replace(DATABASE, state="running", status="Up 2 hours")), LINE, PAGE),
        ((APP, DATABASE), replace(LINE, message="getaddrinfo ENOTFOUND api.example.com"), PAGE),
        ((APP, replace(DATABASE, compose=None, networks=("other",))), LINE, PAGE),
        # The program is in no container, the page comes, or the line tells something else.
        (
            (APP, DATABASE),
            replace(LINE, process="node", equivalent="journalctl -u shop"),
            PAGE,
        ),
        ((APP, DATABASE), LINE, replace(PAGE, status=404)),
        ((APP, DATABASE), replace(LINE, message="Error: db is not defined"), PAGE),
    ],
)
def test_silent_where_no_stopped_container_is_asked(
    containers: tuple[Container, ...], line: ProgramLine, page: Exchange
) -> None:
    assert not claims(*containers, line=line, page=page)


@pytest.mark.parametrize(
    ("message", "host"),
    [
        ("Error: getaddrinfo EAI_AGAIN redis", "redis"),
        ('could not translate host name "db" to address: Name or service not known', "db"),
        ("dial tcp: lookup db on 127.0.0.11:53: no such host", "db"),
        ("dial tcp: lookup db: no such host", "db"),
        ("PDOException: SQLSTATE[HY000] [2002] php_network_getaddresses: getaddrinfo for mysql "
         "failed: Name or service not known", "mysql"),
        ("(2005, \"Unknown MySQL server host 'db' (-2)\")", "db"),
        ("redis.exceptions.ConnectionError: Error -2 connecting to redis:6379. Name or service "
         "not known.", "redis"),
        ("java.net.UnknownHostException: db", "db"),
        ("connect ECONNREFUSED 172.18.0.3:5432", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_the_host_without_an_address(message: str, host: str) -> None:
    assert lost_host(message) == host
