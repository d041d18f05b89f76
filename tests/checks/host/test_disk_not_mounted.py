from dataclasses import replace

from diagnose.model import Confidence, nginx
from diagnose.model.program_logs import FailedUnit
from diagnose.model.resources import UnmountedFolder
from diagnose.model.site_folders import SiteFolder
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.report_builder import ANSWER

CHECK = "host.disk-not-mounted"
FOLDER = UnmountedFolder(path="/srv/site", device="UUID=4", type="ext4")
SITE = """\
server {
  listen 443 ssl;
  server_name shop.example.com;
  root /srv/site;
}
"""
FORBIDDEN = replace(ANSWER, status=403)


def test_fires_for_the_folder_of_the_site() -> None:
    (claim,) = judge(CHECK, RUNNING, config(SITE), FORBIDDEN, FOLDER)
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["folder"], claim.facts["device"]) == ("/srv/site", "UUID=4")


def test_fires_for_the_folder_of_another_web_server() -> None:
    served = SiteFolder(path="/srv/site/public", requested="/", exists=False)
    (claim,) = judge(CHECK, FORBIDDEN, served, FOLDER)
    assert claim.facts["path"] == "/srv/site/public"


def test_fires_for_a_file_that_nginx_needs_to_start() -> None:
    text = 'cannot load certificate "/srv/site/tls/shop.pem": No such file'
    message = nginx.TestMessage(level="emerg", text=text)
    test = nginx.NginxTest(binary="/usr/sbin/nginx", passed=False, messages=(message,))
    (claim,) = judge(CHECK, test, FOLDER)
    assert claim.confidence is Confidence.CERTAIN


def test_fires_for_an_application_that_lies_there_and_is_likely() -> None:
    unit = FailedUnit(
        unit="shop", state="failed", endpoint="3000", message="/srv/site/run.sh: not found"
    )
    (claim,) = judge(CHECK, replace(ANSWER, status=502), unit, FOLDER)
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_the_site_needs_nothing_of_it() -> None:
    other = replace(FOLDER, path="/srv/backup")
    assert not judge(CHECK, RUNNING, config(SITE), FORBIDDEN, other)
    assert not judge(CHECK, RUNNING, config(SITE), FORBIDDEN, replace(FOLDER, path="/srv/si"))
    assert not judge(CHECK, RUNNING, config(SITE), ANSWER, FOLDER)
