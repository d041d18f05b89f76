from diagnose.model import Edit
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, SITE, STOPPED, config, nginx_says

CHECK = "websocket.map-missing"
TEXT = SITE.replace("$host;", "$host;\n proxy_set_header Connection $connection_upgrade;")
SAID = 'unknown "connection_upgrade" variable'


def test_fires_and_writes_the_map_before_the_server_block() -> None:
    (claim,) = judge(CHECK, nginx_says(SAID), config(TEXT), STOPPED)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+map $http_upgrade $connection_upgrade {\n" in edit.diff


def test_fires_by_whatever_name_the_variable_goes() -> None:
    text = TEXT.replace("$connection_upgrade", "$hop")
    (claim,) = judge(CHECK, nginx_says('unknown "hop" variable'), config(text), RUNNING)
    assert claim.facts["variable"] == "$hop"


def test_silent_when_the_configuration_loads() -> None:
    assert not judge(CHECK, nginx_says(), config(TEXT))


def test_silent_for_a_variable_of_another_use() -> None:
    assert not judge(CHECK, nginx_says('unknown "backend" variable'), config(TEXT))
