from dataclasses import replace

from diagnose.model import Applicability, Edit, Failure, server_commands
from diagnose.model.files import StoredCertificate
from diagnose.model.nginx import CertificateFile
from diagnose.model.web_servers import WebServerTest
from tests.support.certificates import LEAF
from tests.support.check_evidence import judge
from tests.support.web_server_evidence import (
    APACHE,
    HTTPS,
    LISTENING,
    PASSED,
    SITE,
    apache_config,
)

CHECK = "server.certificate-file-missing"
FAILED = WebServerTest(
    product="apache",
    passed=False,
    message="SSLCertificateFile: file '/etc/ssl/shop.pem' does not exist or is empty",
    file=SITE,
    line=4,
)
GONE = Failure("missing", "No such file or directory", 2)


def test_fires_when_the_servers_test_names_the_file() -> None:
    (claim,) = judge(CHECK, APACHE, FAILED, apache_config(), LISTENING)
    assert claim.facts["file"] == "/etc/ssl/shop.pem"
    assert claim.facts["place"] == f"{SITE}:4"


def test_fires_when_the_file_was_looked_for_in_vain() -> None:
    file = CertificateFile(path="/etc/ssl/shop.pem", failure=GONE)
    other = replace(FAILED, message="AH02572: Failed to configure certificate")
    (claim,) = judge(CHECK, APACHE, other, apache_config(), LISTENING, file)
    assert claim.facts["key"] is False


def test_silent_when_the_mistake_is_another() -> None:
    assert not judge(CHECK, APACHE, PASSED, apache_config(), LISTENING)
    other = replace(FAILED, message="Invalid command 'SSLEngin'")
    assert not judge(CHECK, APACHE, other, apache_config(), LISTENING)
    there = CertificateFile(path="/etc/ssl/shop.pem")
    assert not judge(CHECK, APACHE, FAILED, apache_config(), LISTENING, there)


def test_fires_and_names_a_pair_that_is_valid_for_all_names_of_the_site() -> None:
    beside = StoredCertificate(path="/etc/ssl/new.crt", chain=(LEAF,), key="/etc/ssl/new.key")
    (claim,) = judge(CHECK, APACHE, FAILED, apache_config(), LISTENING, beside)
    assert claim.facts["stored"] == beside.path
    more = HTTPS.replace("</VirtualHost>", "ServerAlias *.shop.example.com\n</VirtualHost>")
    (claim,) = judge(CHECK, APACHE, FAILED, apache_config(more), LISTENING, beside)
    assert not claim.facts["stored"]


def test_fires_and_takes_another_site_out() -> None:
    config = apache_config(HTTPS.replace("shop.example.com", "old.example.com"))
    (claim,) = judge(CHECK, APACHE, FAILED, config, LISTENING, masked=False)
    assert claim.facts["other_site"] == "old.example.com"
    assert claim.fix
    assert claim.fix.steps[0] == server_commands.disable_apache_site("shop")
    (claim,) = judge(CHECK, APACHE, FAILED, apache_config(), LISTENING)
    assert not claim.facts["other_site"]


SECURE = HTTPS.replace("shop.example.com", "other.example.com").replace("/shop.", "/other.")


def test_fires_and_takes_the_own_site_out_where_nothing_starts() -> None:
    stopped = replace(APACHE, pid=None, ports=(), state="failed")
    beside = apache_config(SECURE).sites[0]
    own = apache_config()
    other = replace(beside, file=SITE.replace("shop", "other"))
    config = replace(own, sites=(*own.sites, other))
    (claim,) = judge(CHECK, stopped, FAILED, config, masked=False)
    assert claim.facts["own_site"] is True
    assert claim.fix
    assert claim.fix.steps[0] == server_commands.disable_apache_site("shop")
    assert claim.fix.applicability is Applicability.MANUAL
    (claim,) = judge(CHECK, stopped, FAILED, own, masked=False)
    assert claim.facts["own_site"] is False, "no other site is helped"


def test_fires_and_takes_a_chain_out_that_the_certificate_has() -> None:
    chain = "    SSLCertificateChainFile /etc/ssl/chain.pem\n"
    text = HTTPS.replace("    SSLCertificateKeyFile", f"{chain}    SSLCertificateKeyFile")
    message = FAILED.message.replace("shop.pem", "chain.pem")
    failed = replace(FAILED, message=message.replace("FileFile", "File"), line=5)
    whole = CertificateFile(path="/etc/ssl/shop.pem", chain=(LEAF, LEAF))
    (claim,) = judge(CHECK, APACHE, failed, apache_config(text), LISTENING, whole, masked=False)
    assert claim.facts["chain"] is True
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-    SSLCertificateChainFile /etc/ssl/chain.pem" in edit.diff
    alone = replace(whole, chain=(LEAF,))
    (claim,) = judge(CHECK, APACHE, failed, apache_config(text), LISTENING, alone, masked=False)
    assert claim.facts["chain"] is False
