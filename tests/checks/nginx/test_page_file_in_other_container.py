"""nginx.page-file-in-other-container: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Confidence, Vantage
from diagnose.model.containers import ComposeService, Container, Containers, NginxContainer
from diagnose.model.site_folders import FileHolder
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_evidence import answered, loads, sheet
from tests.support.page_file_access import examined

CHECK = "nginx.page-file-in-other-container"
FILE = sheet("/static/css/app.css")
MISSING = (RUNNING, loads(FILE), answered(FILE, 404))
NGINX = NginxContainer(vantage=Vantage.SERVER, pid=7, engine="docker", digest="a" * 64, name="web")
PATH = "/app/static/css/app.css"
HOLDER = FileHolder(
    vantage=Vantage.SERVER, path=PATH, container="b" * 64, source="/srv/shop", point="/app"
)


def site(line: str) -> str:
    return (
        "server {\n  listen 443 ssl;\n  server_name shop.example.com;\n"
        f"  location /static/ {{ {line} }}\n}}\n"
    )


ALIAS = config(site("alias /app/static/;"))


def test_fires_and_names_the_mount() -> None:
    (claim,) = judge(CHECK, *MISSING, ALIAS, examined(PATH), NGINX, HOLDER, masked=False)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["volume"] == "/srv/shop/static:/app/static:ro"


def test_below_root_no_more_than_the_folder_of_the_file() -> None:
    root = config(site("root /app;"))
    (claim,) = judge(CHECK, *MISSING, root, examined(PATH), NGINX, HOLDER, masked=False)
    assert claim.facts["volume"] == "/srv/shop/static:/app/static:ro"


def test_no_mount_is_known_for_a_file_of_the_image() -> None:
    image = replace(HOLDER, source="", point="")
    (claim,) = judge(CHECK, *MISSING, ALIAS, examined(PATH), NGINX, image)
    assert not claim.facts["volume"]


def listed(digest: str, project: str) -> Container:
    service = ComposeService(project=project, service="a", files=("/srv/compose.yml",))
    return Container(engine="docker", id=digest, name=digest[:1], compose=service)


def test_the_container_of_another_site_has_a_file_of_the_same_name() -> None:
    seen = (*MISSING, ALIAS, examined(PATH), NGINX, HOLDER)
    own = listed("a" * 64, "shop")
    same = Containers(containers=(own, listed("b" * 64, "shop")))
    (claim,) = judge(CHECK, *seen, same, masked=False)
    assert claim.confidence is Confidence.CERTAIN
    assert not judge(CHECK, *seen, Containers(containers=(own, listed("b" * 64, "blog"))))
    path = "/usr/share/nginx/html/static/css/app.css"
    root = config(site("root /usr/share/nginx/html;"))
    assert not judge(CHECK, *MISSING, root, examined(path), NGINX, replace(HOLDER, path=path))


def test_silent_where_nobody_has_it_or_nginx_has() -> None:
    assert not judge(CHECK, *MISSING, ALIAS, examined(PATH), NGINX)
    other = replace(HOLDER, path="/app/static/css/other.css")
    assert not judge(CHECK, *MISSING, ALIAS, examined(PATH), NGINX, other)
