from dataclasses import replace

import pytest

from diagnose.model import Applicability
from diagnose.model.server import Listener, Listeners
from diagnose.model.site_folders import SiteFolder
from diagnose.model.web_servers import SiteRoute, WebServerConfig
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER

CHECK = "server.caddy-php-missing"
SITE = "shop.example.com {\n\ttls a b\n\troot * /srv/shop\n\tfile_server\n}\n"
MISSING = replace(ANSWER, status=404, body="")
FOLDER = SiteFolder(
    path="/srv/shop", requested="/", exists=True, page_exists=True, index_files=("index.php",)
)
FPM = Listener(address="127.0.0.1", port=9000, family=4, pid=30, process="php-fpm8.2")


def _config() -> WebServerConfig:
    config = caddy_config(SITE)
    files = SiteRoute("/", "", scheme="")
    return replace(config, sites=(replace(config.sites[0], root="/srv/shop", routes=(files,)),))


def test_fires_with_the_address_of_the_only_fpm() -> None:
    listening = Listeners(sockets=(FPM,))
    (claim,) = judge(CHECK, CADDY, _config(), FOLDER, MISSING, listening, masked=False)
    assert claim.fix
    assert "+\tphp_fastcgi 127.0.0.1:9000\n \tfile_server" in claim.fix.edits[0].diff


def test_fires_with_a_step_where_nobody_runs_php() -> None:
    (claim,) = judge(CHECK, CADDY, _config(), FOLDER, MISSING)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    "folder",
    [
        replace(FOLDER, index_files=("index.php", "index.html")),
        replace(FOLDER, index_files=()),
        replace(FOLDER, requested="/page"),
        replace(FOLDER, path="/srv/other"),
    ],
)
def test_silent_for_another_folder(folder: SiteFolder) -> None:
    assert not judge(CHECK, CADDY, _config(), folder, MISSING)


def test_silent_where_an_application_answers_or_the_page_comes() -> None:
    assert not judge(CHECK, CADDY, caddy_config(SITE), FOLDER, MISSING), "it has a route"
    assert not judge(CHECK, CADDY, _config(), FOLDER, replace(MISSING, body="no such page"))
    assert not judge(CHECK, CADDY, _config(), FOLDER, ANSWER)
