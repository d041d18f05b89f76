import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from checks.certificate._stored import completed_file
from diagnose.model import Applicability, Claim, Command, Edit, Manual, Observation
from diagnose.model.nginx import CertificateFile
from tests.checks.certificate.test_stored import BUNDLE, PEM
from tests.support.certificates import LEAF, MIDDLE, OTHER, visit
from tests.support.check_evidence import evidence, judge, texts
from tests.support.nginx_evidence import RUNNING, config
from tests.support.web_server_evidence import APACHE, HTTPS, LISTENING, PASSED, apache_config

OWN, CHAIN = "/etc/ssl/shop.pem", "/etc/ssl/gandi/chain.pem"
ALONE = CertificateFile(path=OWN, sha256=LEAF.sha256, chain=(LEAF,), text=PEM.format("AAAA"))
WRONG = replace(ALONE, chain=(LEAF, OTHER), text=PEM.format("AAAA") + PEM.format("DDDD"))
NGINX = (RUNNING, config())
NAMING = f"    SSLCertificateChainFile {CHAIN}\n"
APART = HTTPS.replace("    SSLEngine on\n", f"    SSLEngine on\n{NAMING}")


def apache(
    site: str = HTTPS, product: Literal["apache", "haproxy"] = "apache"
) -> tuple[Observation, ...]:
    return (replace(APACHE, product=product), PASSED, LISTENING, apache_config(site))


def wrong(*seen: Observation) -> Claim:
    (claim,) = judge("certificate.wrong-intermediate", visit(LEAF, OTHER, code=20), *seen)
    return claim


def argvs(claim: Claim) -> list[tuple[str, ...]]:
    assert claim.fix
    return [step.argv for step in claim.fix.steps if isinstance(step, Command)]


def first_edit(claim: Claim) -> Edit:
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit


@pytest.mark.parametrize("server", [NGINX, apache(), apache(product="haproxy")])
def test_the_issuer_that_lies_on_the_server_takes_the_place_of_the_others(
    server: tuple[Observation, ...],
) -> None:
    claim = wrong(WRONG, BUNDLE, *server)
    diff = first_edit(claim).diff
    assert "-DDDD\n+CCCC\n" in diff
    assert "-AAAA" not in diff
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_a_file_with_a_key_is_changed_without_being_read() -> None:
    claim = wrong(replace(WRONG, text=""), BUNDLE, *apache(product="haproxy"))
    change = argvs(claim)[0]
    assert change[:4] == ("sed", "-i", "-e", f"$r {BUNDLE.path}")
    assert change[-1] == OWN


def test_the_downloaded_issuer_takes_the_place_of_the_others() -> None:
    claim = wrong(WRONG, *NGINX)
    download, _, change, *_ = argvs(claim)
    assert download[-1] == "http://ca.example/middle.der"
    assert change[3:] == (
        *("sh", "/etc/ssl/.shop.pem.issuer.pem", OWN),
        *("-e", "$r /etc/ssl/.shop.pem.issuer.pem"),
        *("-e", r"0,\%^-----END CERTIFICATE-----%b"),
        *("-e", r"\%^-----BEGIN CERTIFICATE-----%,\%^-----END CERTIFICATE-----%d", OWN),
    )
    assert claim.facts["fetched"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_no_certificate_goes_where_the_download_failed(tmp_path: Path) -> None:
    path = tmp_path / "chain.pem"
    path.write_text(PEM.format("DDDD"))
    change = argvs(wrong(ALONE, *apache(APART)))[2]
    paths = {CHAIN: str(path), OWN: "/nowhere/shop.pem"}
    run = subprocess.run([paths.get(word, word) for word in change], capture_output=True)
    assert run.returncode
    assert path.read_text() == PEM.format("DDDD")


def test_apache_names_the_right_chain_where_it_reads_that_apart() -> None:
    claim = wrong(ALONE, BUNDLE, *apache(APART))
    edit = first_edit(claim)
    assert edit.path == "/etc/apache2/sites-available/shop.conf"
    assert f"+    SSLCertificateChainFile {BUNDLE.path}\n" in edit.diff
    assert claim.facts["apart"] == CHAIN


def test_the_downloaded_issuer_is_written_into_the_chain_that_apache_reads_apart() -> None:
    change = argvs(wrong(ALONE, *apache(APART)))[2]
    assert change[3:] == (
        *("sh", "/etc/ssl/.shop.pem.issuer.pem", OWN),
        *("-e", "$r /etc/ssl/.shop.pem.issuer.pem"),
        *("-e", r"\%^-----BEGIN CERTIFICATE-----%,\%^-----END CERTIFICATE-----%d", CHAIN),
    )


def test_a_chain_that_another_site_reads_too_is_left_to_a_person() -> None:
    other = APART.replace("shop.example.com", "other.example.com")
    claim = wrong(ALONE, *apache(APART + other))
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
    assert f"`{CHAIN}`" in "\n".join(texts("certificate.wrong-intermediate", claim))


def test_what_is_written_already_is_loaded_only() -> None:
    right = replace(ALONE, chain=(LEAF, MIDDLE), text=PEM.format("AAAA") + PEM.format("BBBB"))
    assert argvs(wrong(right, *apache()))[-1] == APACHE.reload
    claim = wrong(right, *apache())
    assert claim.fix
    assert len(claim.fix.steps) == 2


def test_a_tools_own_file_and_an_unknown_issuer_are_left_to_a_person() -> None:
    live = "/etc/letsencrypt/live/shop.example.com/fullchain.pem"
    nowhere = replace(LEAF, issuer_urls=())
    (claim,) = judge(
        "certificate.wrong-intermediate",
        visit(nowhere, OTHER, code=20),
        replace(WRONG, chain=(nowhere, OTHER)),
        *apache(),
    )
    for each in (claim, wrong(replace(WRONG, path=live), *apache())):
        assert each.fix
        assert isinstance(each.fix.steps[0], Manual)


def test_apache_sends_the_missing_issuer_after_the_same_steps() -> None:
    (claim,) = judge("certificate.chain-incomplete", visit(LEAF, code=20), ALONE, BUNDLE, *apache())
    assert "+CCCC" in first_edit(claim).diff
    (claim,) = judge("certificate.chain-incomplete", visit(LEAF, code=20), ALONE, *apache())
    assert argvs(claim)[3] == ("sed", "-i", "-e", "$r /etc/ssl/.shop.pem.issuer.pem", OWN)
    assert claim.facts["fetched"]


def test_a_file_that_has_an_issuer_already_is_not_cut() -> None:
    """What lacks is further up: the file that lies beside may have less than this one."""
    half = replace(ALONE, chain=(LEAF, MIDDLE), text=PEM.format("AAAA") + PEM.format("BBBB"))
    assert completed_file(evidence(BUNDLE), WRONG)
    assert completed_file(evidence(BUNDLE), half) is None
