from dataclasses import replace
from datetime import timedelta

from diagnose.model import Applicability, Severity
from diagnose.model.nginx import CertificateFile
from diagnose.model.renewal import RenewalFailure
from tests.support.certificates import leaf
from tests.support.check_evidence import NOW, judge

CHECK = "certificate.renewal-failed"
LIVE = "/etc/letsencrypt/live/shop.example.com/fullchain.pem"
WRITTEN = NOW.timestamp() - 85 * 86400


def file(days: float = 5, path: str = LIVE) -> CertificateFile:
    end = NOW + timedelta(days=days)
    chain = (leaf(not_before=end - timedelta(days=90), not_after=end),)
    return CertificateFile(path=path, chain=chain, changed=WRITTEN)


def failure(
    *names: str, tool: str = "certbot", when: float | None = WRITTEN + 86400 * 60
) -> RenewalFailure:
    return RenewalFailure(
        tool=tool, source="/var/log/letsencrypt/letsencrypt.log", names=names,
        message="Timeout during connect", when=when, unit="certbot.service",
    )  # fmt: skip


def test_fires_where_the_tool_could_not_renew_the_certificate_of_the_file() -> None:
    (claim,) = judge(CHECK, file(), failure("blog.example.com", "shop.example.com"))
    assert claim.facts["message"] == "Timeout during connect"
    assert claim.severity is None
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_as_an_error_once_it_has_expired() -> None:
    (claim,) = judge(CHECK, file(-1), failure())
    assert claim.severity is Severity.ERROR
    assert claim.facts["expired"]


def test_silent_about_other_certificates_and_other_tools() -> None:
    assert not judge(CHECK, file(), failure("blog.example.com"))
    assert not judge(CHECK, file(), failure(tool="acme.sh"))
    assert not judge(CHECK, file(path="/etc/nginx/ssl/shop.pem"), failure())


def test_silent_where_it_was_renewed_after_that() -> None:
    assert not judge(CHECK, file(), failure("shop.example.com", when=WRITTEN - 60))


def test_names_the_port_that_is_taken_and_the_plugin_that_is_missing() -> None:
    reasons = (
        "Problem binding to port 80: Could not bind to IPv4 or IPv6.",
        "The requested apache plugin does not appear to be installed",
        "Timeout during connect",
    )
    facts = [
        judge(CHECK, file(), replace(failure(), message=reason))[0].facts for reason in reasons
    ]
    assert [fact["port_taken"] for fact in facts] == [True, False, False]
    assert [each["no_plugin"] for each in facts] == [False, True, False]


def test_fires_for_a_copy_that_acme_sh_installed() -> None:
    copy = "/etc/nginx/ssl/shop.pem"
    failed = failure("shop.example.com", tool="acme.sh")
    (claim,) = judge(CHECK, file(path=copy), failed)
    assert (claim.facts["tool"], claim.facts["name"]) == ("acme.sh", "shop.example.com")
    assert not judge(CHECK, file(days=80, path=copy), failed), "it need not be renewed yet"
    assert not judge(CHECK, file(path=copy), failure("blog.example.com", tool="acme.sh"))
