from tests.saying import judge
from tests.serving import FILE, SITE, STOPPED, config, nginx_says

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


def test_silent_when_every_name_resolves() -> None:
    assert not judge(CHECK, nginx_says(), config(NAMED))
