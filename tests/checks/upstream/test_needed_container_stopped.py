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


STORE = replace(DATABASE, image="postgres:16")
OLD = replace(
    APP, id="c" * 64, name="shop-old-1", image="mysql:5.7", state="exited", status="Exited (0)"
)


@pytest.mark.parametrize(
    ("line", "page", "host"),
    [
        (
            replace(LINE, message="timeout occurred after waiting 15 seconds for db:5432"),
            PAGE,
            "db",
        ),
        (replace(LINE, message="connect ECONNREFUSED 172.18.0.9:5432"), PAGE, "172.18.0.9"),
        (
            replace(LINE, message=""),
            replace(PAGE, body="<h1>Error establishing a database connection</h1>"),
            "",
        ),
    ],
)
def test_fires_for_a_service_that_is_named_otherwise(
    line: ProgramLine, page: Exchange, host: str
) -> None:
    (claim,) = claims(APP, STORE, line=line, page=page)
    assert (claim.facts["container"], claim.facts["host"]) == ("shop-db-1", host)
    assert any("does not run" in text for text in texts(CHECK, claim))


@pytest.mark.parametrize(
    ("containers", "message"),
    [
        # Another database runs; two have ended; the port is another program's.
        ((APP, replace(STORE, state="running"), OLD), "the database connection failed"),
        ((APP, STORE, OLD), "the database connection failed"),
        ((APP, STORE), "connect ECONNREFUSED 172.18.0.9:8080"),
        ((APP, STORE), "database is locked"),
        # The program asks its own container, a service of the Internet, or another address.
        ((APP, STORE), "connect ECONNREFUSED 127.0.0.1:5432"),
        ((APP, STORE), "could not connect to the database at localhost:5432"),
        ((APP, STORE), 'connection to server at "db.example.com", port 5432 failed: postgres down'),
        ((APP, STORE), "the database 203.0.113.9:5432: connection refused"),
        (
            (APP, replace(STORE, state="running"), replace(OLD, image="postgres:12")),
            "connect ECONNREFUSED 172.18.0.9:5432",
        ),
        ((APP, replace(STORE, name="worker", image="shop")), "TypeError at worker:42"),
    ],
)
def test_silent_where_it_may_be_another_one(
    containers: tuple[Container, ...], message: str
) -> None:
    assert not claims(*containers, line=replace(LINE, message=message))


def test_fires_for_a_program_in_the_network_of_the_machine() -> None:
    own = replace(APP, networks=("host",))
    line = replace(LINE, message="connect ECONNREFUSED 127.0.0.1:5432")
    (claim,) = claims(own, STORE, line=line)
    assert claim.facts["host"] == "127.0.0.1"


def test_what_is_needed_once_may_have_ended() -> None:
    own = ComposeService(
        "shop", "app", "/srv/shop", (FILE,),
        conditions=(("db", "service_completed_successfully"),),
    )  # fmt: skip
    assert not claims(replace(APP, compose=own), DATABASE)


@pytest.mark.parametrize("policy", ["no", "on-failure"])
def test_a_policy_that_starts_nothing_after_a_boot(policy: str) -> None:
    (claim,) = claims(APP, replace(DATABASE, restart=policy))
    assert claim.fix
    update = next(step for step in claim.fix.steps if isinstance(step, Command))
    assert update.argv == ("docker", "update", "--restart", "unless-stopped", "shop-db-1")
    assert update.undo == ("docker", "update", "--restart", policy, "shop-db-1")


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
