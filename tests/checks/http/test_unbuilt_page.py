from diagnose.model import Applicability, Edit
from diagnose.model.pages import PageFile
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_evidence import answered, loads, module
from tests.support.page_file_access import examined

CHECK = "http.unbuilt-page"
SOURCE = PageFile("module", "https://shop.example.com/src/main.jsx")
PAGE = loads(SOURCE, is_empty=True)
SENT = answered(SOURCE, content_type="application/octet-stream")
SITE = config(
    "server {\n    listen 443 ssl;\n    server_name shop.example.com;\n    root /var/www/app;\n}\n"
)
FILE = "/var/www/app/src/main.jsx"
BUILT = examined(
    FILE, "/src/main.jsx", exists=True, elsewhere="/var/www/app/dist/index.html", mistake="below"
)


def test_fires_and_serves_the_build_that_is_there() -> None:
    (claim,) = judge(CHECK, RUNNING, SITE, PAGE, SENT, BUILT)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "+    root /var/www/app/dist;" in edit.diff
    assert not judge("nginx.types-missing", RUNNING, SITE, PAGE, SENT, BUILT)


def test_fires_and_names_the_project_that_nobody_has_built() -> None:
    unbuilt = examined(FILE, "/src/main.jsx", exists=True)
    (claim,) = judge(CHECK, RUNNING, SITE, PAGE, SENT, unbuilt)
    assert claim.facts["project"] == "/var/www/app"
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_from_outside() -> None:
    (claim,) = judge(CHECK, PAGE, SENT)
    assert claim.facts["project"] == ""


def test_silent_where_a_server_for_development_compiles_the_file() -> None:
    assert not judge(CHECK, PAGE, answered(SOURCE, content_type="text/javascript"))


def test_silent_about_a_page_in_its_place_and_other_modules() -> None:
    assert not judge(CHECK, PAGE, answered(SOURCE, content_type="text/html", is_html=True))
    other = answered(module(), content_type="application/octet-stream")
    assert not judge(CHECK, loads(module()), other)
