"""Docker does not run here: what it says is given as literals."""

from dataclasses import replace

from diagnose.model import Applicability, Vantage
from diagnose.model.containers import Container, ContainerPort, Containers
from tests.checks.upstream.test_container_loopback import OWN
from tests.checks.upstream.test_refused import DOWN, UP
from tests.support.check_evidence import judge, texts
from tests.support.nginx_evidence import SITE, config

CHECK = "upstream.container-stopped"
ENDED = Container(
    engine="docker",
    id="b" * 64,
    name="shop-app-1",
    ports=(ContainerPort(3000, 3000, "127.0.0.1"),),
    state="exited",
    status="Exited (0) 2 minutes ago",
)


def docker_containers(*containers: Container) -> Containers:
    return Containers(vantage=Vantage.SERVER, engines=("docker",), containers=containers)


def test_fires_for_the_port_that_it_published() -> None:
    (claim,) = judge(CHECK, DOWN, config(), docker_containers(ENDED))
    assert claim.facts["container"] == "shop-app-1"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert claim.fix.steps[0].argv == ("docker", "start", "shop-app-1")  # type: ignore[union-attr]


def test_fires_with_the_reason_where_it_failed() -> None:
    failed = replace(ENDED, status="Exited (1) 2 minutes ago", last_words="Error: no database")
    (claim,) = judge(CHECK, DOWN, config(), docker_containers(failed))
    assert claim.facts["last_words"] == "Error: no database"
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_with_the_words_of_the_engine_or_the_lack_of_memory() -> None:
    full = replace(ENDED, status="Exited (137) 2 minutes ago", out_of_memory=True)
    (claim,) = judge(CHECK, DOWN, config(), docker_containers(full))
    assert claim.facts["out_of_memory"] is True
    assert any("OOMKilled" in text for text in texts(CHECK, claim))
    words = "Bind for 127.0.0.1:3000 failed: port is already allocated"
    refused = replace(ENDED, state="created", status="Created", last_words=words, not_started=True)
    (claim,) = judge(CHECK, DOWN, config(), docker_containers(refused))
    assert claim.facts["last_words"] == words
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_with_the_containers_of_all_servers() -> None:
    group = "upstream app { server 127.0.0.1:3000; server 127.0.0.1:3001; }\n"
    text = group + SITE.replace("http://127.0.0.1:3000", "http://app")
    tries = [replace(DOWN, target="http://app", port=port) for port in (3000, 3001)]
    second = replace(
        ENDED, id="c" * 64, name="shop-app-2", ports=(ContainerPort(3000, 3001, "127.0.0.1"),)
    )
    (claim,) = judge(CHECK, *tries, config(text), docker_containers(ENDED, second))
    assert claim.facts["others"] == ("shop-app-2",)
    assert claim.fix
    start = ("docker", "start", "shop-app-1", "shop-app-2")
    assert claim.fix.steps[0].argv == start  # type: ignore[union-attr]
    # The one that failed comes first: a person reads why.
    failed = replace(second, status="Exited (1) 2 minutes ago", last_words="Error: no database")
    (claim,) = judge(CHECK, *tries, config(text), docker_containers(ENDED, failed))
    assert (claim.facts["container"], claim.facts["others"]) == ("shop-app-2", ("shop-app-1",))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_for_the_name_of_its_service() -> None:
    named = replace(DOWN, target="http://app:3000", host="app", address="172.18.0.3")
    text = SITE.replace("127.0.0.1:3000", "app:3000")
    # A masked recording has a stand-in for the host, and none for the container.
    (claim,) = judge(CHECK, named, config(text), OWN, docker_containers(ENDED), masked=False)
    assert claim.facts["container"] == "shop-app-1"


def test_fires_for_an_nginx_with_the_servers_network() -> None:
    own = replace(OWN, networks=("host",))
    (claim,) = judge(CHECK, DOWN, config(), own, docker_containers(ENDED))
    assert claim.facts["container"] == "shop-app-1"


def test_silent_where_it_has_nothing_to_do_with_it() -> None:
    assert not judge(CHECK, UP, config(), docker_containers(ENDED))
    assert not judge(
        CHECK, DOWN, config(), docker_containers(replace(ENDED, ports=(ContainerPort(3000),)))
    )
    named = replace(DOWN, target="http://app:3000", host="app", address="172.18.0.3")
    other = replace(ENDED, id="d" * 64, name="other-app-1", state="running", ports=())
    text = SITE.replace("127.0.0.1:3000", "app:3000")
    assert not judge(CHECK, named, config(text), OWN, docker_containers(ENDED, other), masked=False)
    running = replace(ENDED, id="c" * 64, name="new", state="running")
    assert not judge(CHECK, DOWN, config(), docker_containers(ENDED, running))
    # In a container, 127.0.0.1 is no port of the server.
    assert not judge(CHECK, DOWN, config(), OWN, docker_containers(ENDED))
    assert not judge(CHECK, replace(DOWN, host="db"), config(), OWN, docker_containers(ENDED))
