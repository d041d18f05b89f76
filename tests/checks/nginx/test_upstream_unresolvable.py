from diagnose.model import Applicability, Edit, Manual
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
