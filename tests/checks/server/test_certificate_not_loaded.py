import shlex
from dataclasses import replace
from datetime import timedelta

from diagnose.model import Applicability, Command, Severity
from diagnose.model.nginx import CertificateFile
from diagnose.model.web_servers import SiteFile
from tests.support.check_evidence import NOW, judge
from tests.support.renewed_certificate import OLD, SERVED
from tests.support.web_server_evidence import APACHE, LISTENING, apache_config

CHECK = "server.certificate-not-loaded"
NEW = replace(OLD, not_after=NOW + timedelta(days=60), sha256="bb", serial="2")
FILE = CertificateFile(path="/etc/ssl/shop.pem", sha256="bb", chain=(NEW,), changed=2000.0)


def test_fires_when_the_file_is_newer_than_what_was_loaded() -> None:
    (claim,) = judge(CHECK, SERVED, FILE, APACHE, apache_config(), LISTENING)
    assert claim.severity is None
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_traefik_reads_its_dynamic_file_again() -> None:
    """It watches that file, and not the certificate."""
    server = replace(APACHE, product="traefik", test=(), reload=())
    config = apache_config()
    for watched, steps in (("/etc/traefik/shop.yml", ["touch /etc/traefik/shop.yml"]), ("", [])):
        files = (SiteFile("certificate", FILE.path, watched, 3 if watched else 0),)
        sites = tuple(replace(site, files=files) for site in config.sites)
        traefik = replace(config, product="traefik", sites=sites)
        (claim,) = judge(CHECK, SERVED, FILE, server, traefik, LISTENING)
        assert claim.fix
        assert [
            shlex.join(step.argv) for step in claim.fix.steps if isinstance(step, Command)
        ] == steps


def test_fires_as_a_warning_while_the_old_one_is_good() -> None:
    good = replace(SERVED, chain=(replace(OLD, not_after=NOW + timedelta(days=9)),), failure=None)
    (claim,) = judge(CHECK, good, FILE, APACHE, apache_config(), LISTENING)
    assert claim.severity is Severity.WARNING


def test_silent_when_the_file_is_older_the_same_or_another_sites() -> None:
    rest = (APACHE, apache_config(), LISTENING)
    assert not judge(CHECK, SERVED, replace(FILE, changed=500.0), *rest)
    assert not judge(CHECK, replace(SERVED, chain=(NEW,)), FILE, *rest)
    assert not judge(CHECK, SERVED, replace(FILE, path="/etc/ssl/other.pem"), *rest)
    assert not judge(CHECK, SERVED, replace(FILE, chain=()), *rest)
