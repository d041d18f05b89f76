from dataclasses import replace

from diagnose.model import Applicability, Edit, Manual
from diagnose.model.containers import Container, ContainerPort, Containers, NginxContainer
from diagnose.model.server import Listener, Listeners
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import (
    BUILD,
    FILE,
    HOST,
    RUNNING,
    SITE,
    STOPPED,
    config,
    nginx_says,
)

CHECK = "nginx.upstream-unresolvable"
NAMED = SITE.replace("127.0.0.1:3000", "backend:3000")


def test_fires_and_shows_where_the_name_stands() -> None:
    said = f'host not found in upstream "backend" in {FILE}:9'
    (claim,) = judge(CHECK, nginx_says(said), config(NAMED), STOPPED)
    assert claim.facts["name"] == "backend"
    assert claim.facts["container"]
    assert claim.facts["place"] == f"{FILE}:9"
    assert claim.location


def test_fires_for_a_server_of_a_group() -> None:
    text = "upstream app {\n    server app.internal:3000;\n}\n" + SITE
    said = f'host not found in upstream "app.internal:3000" in {FILE}:3'
    (claim,) = judge(CHECK, nginx_says(said), config(text), STOPPED)
    assert claim.facts["name"] == "app.internal"
    assert not claim.facts["container"]


APP = Container(
    engine="docker", id="a" * 64, name="blog-backend-1", image="blog:2", state="running",
    ports=(ContainerPort(inner=3000, port=8080, address="127.0.0.1"),),
)  # fmt: skip
SAID = f'host not found in upstream "backend" in {FILE}:9'


def test_fires_and_writes_where_the_named_container_is_published() -> None:
    """Another program listens on the port that the container has inside."""
    python = Listener(address="127.0.0.1", port=3000, family=4, process="python3", pid=9)
    seen = (nginx_says(SAID), config(NAMED), STOPPED, Listeners(sockets=(python,)))
    (claim,) = judge(CHECK, *seen, Containers(containers=(APP,)), masked=False)
    assert (claim.facts["called"], claim.facts["published_at"]) == (APP.name, "127.0.0.1:8080")
    assert claim.facts["application"] == ""
    assert claim.fix
    assert "+        proxy_pass http://127.0.0.1:8080;" in claim.fix.edits[0].diff
    assert claim.fix.applicability is Applicability.REVIEW
    bound = replace(APP, ports=(ContainerPort(inner=3000, port=8080, address="192.0.2.10"),))
    (claim,) = judge(CHECK, *seen, Containers(containers=(bound,)), masked=False)
    assert claim.facts["published_at"] == "192.0.2.10:8080"


def test_fires_by_hand_for_a_container_that_is_not_published() -> None:
    hidden = replace(APP, ports=(), state="exited")
    (claim,) = judge(
        CHECK, nginx_says(SAID), config(NAMED), STOPPED, Containers(containers=(hidden,))
    )
    assert claim.facts["stopped"]
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_fires_and_takes_no_container_where_nginx_is_in_one_or_two_have_the_name() -> None:
    two = Containers(containers=(APP, replace(APP, id="b" * 64, name="shop-backend-1")))
    own = NginxContainer(pid=7, engine="docker", name="proxy", digest="c" * 64)
    for more in ((two,), (Containers(containers=(APP,)), own)):
        (claim,) = judge(CHECK, nginx_says(SAID), config(NAMED), STOPPED, *more)
        assert claim.facts["called"] == ""


BLOG = "server {\n    listen 443 ssl;\n    server_name blog.example.com;\n    root /srv/blog;\n}\n"


def test_fires_and_brings_the_other_sites_back() -> None:
    said = f'host not found in upstream "backend" in {FILE}:9'
    (claim,) = judge(CHECK, nginx_says(said), config(NAMED + BLOG), STOPPED, BUILD, HOST)
    assert claim.facts["others"] == ("blog.example.com",)
    assert claim.fix
    step = claim.fix.steps[1]
    assert isinstance(step, Manual)
    edit = step.commands[0]
    assert isinstance(edit, Edit)
    assert "+        set $looked_up_later http://backend:3000;\n" in edit.diff
    assert "+        proxy_pass $looked_up_later;\n" in edit.diff


def test_fires_without_that_where_paths_would_change_or_no_other_site_is_down() -> None:
    said = f'host not found in upstream "backend" in {FILE}:9'
    for text, state in (
        (NAMED, STOPPED),
        (NAMED + BLOG, RUNNING),
        (NAMED.replace("backend:3000", "backend:3000/app/") + BLOG, STOPPED),
        (NAMED + "upstream b { server backend:3000; }\n" + BLOG, STOPPED),
    ):
        (claim,) = judge(CHECK, nginx_says(said), config(text), state, BUILD, HOST)
        assert claim.fix
        assert len([step for step in claim.fix.steps if isinstance(step, Manual)]) == 1


def test_silent_when_every_name_resolves() -> None:
    assert not judge(CHECK, nginx_says(), config(NAMED))


def listening(address: str, process: str = "node") -> Listeners:
    one = Listener(address=address, port=3000, family=4, process=process, pid=9)
    return Listeners(sockets=(one,))


def test_fires_with_the_program_that_has_the_port_for_a_person_to_read() -> None:
    said = f'host not found in upstream "backend" in {FILE}:9'
    (claim,) = judge(
        CHECK, nginx_says(said), config(NAMED * 2), STOPPED, listening("127.0.0.1"), BUILD, HOST
    )
    assert claim.facts["application"] == "node (9)"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert edit.diff.count("\n+        proxy_pass http://127.0.0.1:3000;") == 2


def test_fires_without_an_edit_where_nothing_that_is_near_has_the_port() -> None:
    said = f'host not found in upstream "backend" in {FILE}:9'
    for seen in (listening("172.17.0.1"), listening("0.0.0.0", "nginx"), Listeners()):
        (claim,) = judge(CHECK, nginx_says(said), config(NAMED), STOPPED, seen)
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL


def test_fires_and_writes_the_group_that_is_one_slip_away() -> None:
    group = "upstream myapp {\n    server 127.0.0.1:3000;\n}\n"
    typed = SITE.replace("127.0.0.1:3000", "my_app")
    said = f'host not found in upstream "my_app" in {FILE}:12'
    (claim,) = judge(CHECK, nginx_says(said), config(group + typed), STOPPED, BUILD, HOST)
    assert claim.facts["group"] == "myapp"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "proxy_pass http://myapp;" in claim.fix.edits[0].diff
    other = SITE.replace("127.0.0.1:3000", "myapp")
    (claim,) = judge(CHECK, nginx_says(said), config(group + typed + other), STOPPED, BUILD, HOST)
    assert not claim.facts["group"], "that of another site"
