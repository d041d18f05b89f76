import shlex
from dataclasses import replace
from datetime import timedelta

import pytest

from diagnose.model import Applicability, Command, Confidence, Manual, Target, Vantage
from diagnose.model.containers import NginxContainer
from diagnose.model.tls import Certificate
from tests.support import caddy_evidence
from tests.support.certificates import (
    HEALTHY,
    LIVE,
    MIDDLE,
    OTHER_FILE,
    causes,
    diffs,
    in_use,
    leaf,
    visit,
)
from tests.support.check_evidence import NOW, SHOP, judge, texts
from tests.support.nginx_evidence import HOST, RUNNING, SITE, config


def target(host: str) -> Target:
    return Target(host, "https", host, 443)


@pytest.mark.parametrize(
    ("host", "names", "why"),
    [
        ("example.com", ("*.example.com",), "apex"),
        ("a.b.example.com", ("*.example.com",), "depth"),
        ("www.example.com", ("example.com",), "www"),
        ("203.0.113.10", ("example.com",), "address"),
    ],
)
def test_fires_and_says_what_keeps_it_from_reaching(
    host: str, names: tuple[str, ...], why: str
) -> None:
    (claim,) = judge(
        "certificate.name-mismatch", visit(leaf(dns_names=names), MIDDLE), target=target(host)
    )
    assert claim.facts["covered"] == names
    assert [fact for fact in claim.facts if fact.startswith("why_") and claim.facts[fact]] == [
        f"why_{why}"
    ]


def test_fires_without_certainty_where_an_equal_handshake_got_another_certificate() -> None:
    other = visit(leaf(dns_names=("blog.example.com",), sha256="b1"), MIDDLE)
    own = replace(visit(leaf(), MIDDLE), variant="unverified")
    (claim,) = judge("certificate.name-mismatch", other, own)
    assert claim.confidence is Confidence.LIKELY
    (claim,) = judge("certificate.name-mismatch", other, replace(own, address="203.0.113.99"))
    assert claim.confidence is Confidence.CERTAIN
    (claim,) = judge("certificate.name-mismatch", other, replace(own, variant="no-sni"))
    assert claim.confidence is Confidence.CERTAIN


def test_fires_for_a_common_name_that_is_another_as_the_only_cause() -> None:
    old = leaf(dns_names=(), common_name="old.example.com")
    assert causes(visit(old, MIDDLE)) == ["certificate.name-mismatch"]


@pytest.mark.parametrize("host", [SHOP, target("203.0.113.10")])
def test_fires_for_a_certificate_without_a_name_and_says_so_in_words(host: Target) -> None:
    nameless = visit(leaf(dns_names=(), common_name=""), MIDDLE)
    (claim,) = judge("certificate.name-mismatch", nameless, target=host)
    assert claim.facts["covered"] == ()
    said = texts("certificate.name-mismatch", claim)
    assert any("serves a certificate without any name." in text for text in said)
    assert any("提供的是没有任何名称的证书。" in text for text in said)
    assert not any("names instead" in text or "名称之一" in text for text in said)


def test_it_explains_what_else_is_wrong_with_the_certificate_of_another_site() -> None:
    other = leaf(dns_names=("blog.example.com",), not_after=NOW - timedelta(days=1))
    assert causes(visit(other, MIDDLE, code=10)) == ["certificate.name-mismatch"]
    assert causes(visit(other, code=20)) == ["certificate.name-mismatch"]


def test_silent_for_the_name_a_wildcard_and_an_address() -> None:
    assert not judge("certificate.name-mismatch", HEALTHY)
    assert not judge("certificate.name-mismatch", visit(leaf(dns_names=("*.example.com",)), MIDDLE))
    assert not judge(
        "certificate.name-mismatch",
        visit(leaf(dns_names=(), addresses=("2001:db8::10",)), MIDDLE),
        target=target("2001:db8:0::10"),
    )


def test_fires_and_names_a_certificate_for_the_name_that_lies_on_the_server() -> None:
    wrong = leaf(dns_names=("www.example.org",), not_after=NOW + timedelta(days=300))
    observations = (visit(wrong, MIDDLE), in_use(wrong), OTHER_FILE, RUNNING)
    (claim,) = judge("certificate.name-mismatch", *observations, config())
    assert f"+    ssl_certificate {LIVE}/fullchain.pem;" in diffs(claim)
    assert f"+    ssl_certificate_key {LIVE}/privkey.pem;" in diffs(claim)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    assert not judge("certificate.renewed-elsewhere", *observations, config())
    # A block that answers for want of a better one keeps the certificate that is its own.
    default = config(SITE.replace("shop.example.com", "www.example.org"))
    (claim,) = judge("certificate.name-mismatch", *observations, default)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_one_command_of_certbot_keeps_every_name_of_the_certificate() -> None:
    own = leaf(dns_names=("www.example.com", "example.com"))
    file = replace(in_use(own), path="/etc/letsencrypt/live/www.example.com/fullchain.pem")
    (claim,) = judge("certificate.name-mismatch", visit(own, MIDDLE), file, RUNNING, config())
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    step, *_ = claim.fix.steps
    assert isinstance(step, Manual)
    (command,) = step.commands
    assert isinstance(command, Command)
    assert " ".join(command.argv) == (
        "certbot certonly --nginx --cert-name www.example.com"
        " -d www.example.com -d example.com -d shop.example.com"
    )
    assert claim.facts["block"]


HTTP = """\
server {
    listen 80;
    server_name shop.example.com www.example.com example.com;
    location /.well-known/acme-challenge/ {
        root /var/www/acme;
    }
}
"""


@pytest.mark.parametrize(
    ("text", "method"),
    [
        (
            SITE.replace("}\n", "    include /etc/letsencrypt/options-ssl-nginx.conf;\n}\n"),
            "--nginx",
        ),
        (f"{SITE}{HTTP}", "--webroot -w /var/www/acme"),
    ],
)
def test_the_method_that_works_here_is_a_command(text: str, method: str) -> None:
    own = leaf(dns_names=("www.example.com", "example.com"))
    file = replace(in_use(own), path="/etc/letsencrypt/live/www.example.com/fullchain.pem")
    seen = (visit(own, MIDDLE), file, RUNNING, HOST, config(text))
    (claim,) = judge("certificate.name-mismatch", *seen)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    renew, loading = claim.fix.steps
    assert isinstance(renew, Command)
    assert isinstance(loading, Command)
    assert shlex.join(renew.argv) == (
        f"certbot certonly {method} --cert-name www.example.com -d www.example.com -d example.com"
        " -d shop.example.com --renew-with-new-domains --deploy-hook 'nginx -s reload'"
    )


@pytest.mark.parametrize(("kind", "length"), [("_ecc", "ec-256"), ("", "2048")])
def test_acme_sh_issues_it_for_all_names(kind: str, length: str) -> None:
    own = leaf(dns_names=("example.com", "www.example.com"))
    file = replace(in_use(own), path=f"/root/.acme.sh/example.com{kind}/fullchain.cer")
    seen = (visit(own, MIDDLE), file, RUNNING, HOST, config(f"{SITE}{HTTP}"))
    (claim,) = judge("certificate.name-mismatch", *seen)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    issue, loading = claim.fix.steps
    assert isinstance(issue, Command)
    assert isinstance(loading, Command)
    assert shlex.join(issue.argv) == (
        "/root/.acme.sh/acme.sh --home /root/.acme.sh --issue --force -d example.com"
        " -d www.example.com -d shop.example.com -w /var/www/acme"
        f" --keylength {length}"
    )
    # No folder is known from which challenges are answered.
    (claim,) = judge("certificate.name-mismatch", *seen[:-1], config())
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("names", "path", "text"),
    [
        (("*.example.org",), "/etc/letsencrypt/live/a/fullchain.pem", SITE),
        (("www.example.com",), "/etc/nginx/ssl/a.pem", SITE),
        (("www.example.com",), "/root/.acme.sh/a/fullchain.cer", SITE),
        (
            ("www.example.com",),
            "/etc/letsencrypt/live/a/fullchain.pem",
            SITE.replace("shop.example.com", "www.example.com"),
        ),
    ],
)
def test_a_person_chooses_where_that_is_not_sure(
    names: tuple[str, ...], path: str, text: str
) -> None:
    own = leaf(dns_names=names)
    file = replace(in_use(own), path=path)
    (claim,) = judge("certificate.name-mismatch", visit(own, MIDDLE), file, RUNNING, config(text))
    assert claim.fix
    (step, *_) = claim.fix.steps
    assert isinstance(step, Manual)
    assert step.step == "cover-the-name"


def test_the_words_have_the_block_and_every_name_where_they_are_known() -> None:
    own = leaf(dns_names=("example.com",))
    file = replace(in_use(own), path="/etc/nginx/ssl/a.pem")
    (claim,) = judge("certificate.name-mismatch", visit(own, MIDDLE), file, RUNNING, config())
    said = "\n".join(texts("certificate.name-mismatch", claim))
    assert f"The server block at {claim.facts['block']} has shop.example.com." in said
    assert "`certbot --nginx --expand -d example.com -d shop.example.com`" in said
    assert "If none has" not in said
    assert "如果没有" not in said
    # The default block answers: no block has the name.
    other = config(SITE.replace("shop.example.com", "example.com"))
    (claim,) = judge("certificate.name-mismatch", visit(own, MIDDLE), file, RUNNING, other)
    said = "\n".join(texts("certificate.name-mismatch", claim))
    assert "If none has" in said


def test_a_wildcard_is_not_issued_again_for_a_deeper_name() -> None:
    own = leaf(dns_names=("*.com", "example.com"))
    file = replace(in_use(own), path="/etc/nginx/ssl/a.pem")
    (claim,) = judge("certificate.name-mismatch", visit(own, MIDDLE), file, RUNNING, config())
    said = "\n".join(texts("certificate.name-mismatch", claim))
    assert "`certbot --nginx -d shop.example.com`" in said
    assert "it needs no challenge in DNS" in said
    assert "-d NAME" not in said
    assert "*.com covers exactly one level of names, and shop.example.com is deeper." in said


def test_of_an_nginx_in_a_container_certbots_plugin_is_not_named() -> None:
    own = leaf(dns_names=("example.com",))
    file = replace(in_use(own), path="/etc/nginx/ssl/a.pem")
    proxy = NginxContainer(vantage=Vantage.SERVER, pid=7, name="proxy")
    (claim,) = judge(
        "certificate.name-mismatch", visit(own, MIDDLE), file, RUNNING, config(), proxy
    )
    said = "\n".join(texts("certificate.name-mismatch", claim))
    assert "`certbot certonly --webroot -w FOLDER -d shop.example.com`" in said
    assert "`certbot --nginx -" not in said


CADDY_LINE = "tls /etc/ssl/shop.pem /etc/ssl/shop.key"


@pytest.mark.parametrize(
    ("line", "step"),
    [
        (CADDY_LINE, "let-caddy-request-it"),
        ("tls admin@example.com", "cover-the-name"),
        ("tls internal", "cover-the-name"),
    ],
)
def test_caddy_is_told_the_line_with_the_files(line: str, step: str) -> None:
    text = caddy_evidence.SITE.replace(CADDY_LINE, line)
    configuration = caddy_evidence.caddy_config(text, caddy_evidence.document(SHOP.host))
    wrong = visit(leaf(dns_names=("other.example.com",)))
    (claim,) = judge("certificate.name-mismatch", caddy_evidence.CADDY, configuration, wrong)
    assert claim.fix
    (manual,) = claim.fix.steps
    assert isinstance(manual, Manual)
    assert manual.step == step


def test_fires_and_says_where_a_certificate_of_no_renewal_tool_comes_from() -> None:
    """Not of one of an authority that certbot asks, and not where the file is unknown."""
    bought = leaf(dns_names=("example.com",), issuer="CN=DigiCert G2,O=DigiCert Inc,C=US")
    free = replace(bought, issuer="CN=R13,O=Let's Encrypt,C=US")
    site = target("www.example.com")

    def is_bought(certificate: Certificate, path: str = "/etc/nginx/shop.pem") -> object:
        file = replace(in_use(certificate), path=path)
        (claim,) = judge("certificate.name-mismatch", visit(certificate, MIDDLE), file, target=site)
        return claim.facts["bought"]

    assert is_bought(bought)
    assert not is_bought(free)
    assert not is_bought(bought, "/etc/letsencrypt/live/example.com/fullchain.pem")
    (claim,) = judge("certificate.name-mismatch", visit(bought, MIDDLE), target=site)
    assert not claim.facts["bought"]
