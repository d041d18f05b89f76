from dataclasses import replace
from datetime import timedelta

import pytest

from diagnose.model import Applicability, Claim, Command, Confidence, Edit, Manual, Severity
from diagnose.model.files import OtherCertificate
from diagnose.model.nginx import CertificateFile, NginxProcess, NginxState
from tests.support.check_evidence import NOW, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.renewed_certificate import OLD, SERVED
from tests.support.tls_evidence import shake

CHECK = "certificate.renewed-elsewhere"
NEW = replace(OLD, not_before=NOW - timedelta(days=1), not_after=NOW + timedelta(days=89),
              sha256="bb", serial="2")  # fmt: skip
FILE = CertificateFile(path="/etc/nginx/shop.pem", sha256="aa", chain=(OLD,))
LIVE = "/etc/letsencrypt/live/shop.example.com"
OTHER = OtherCertificate(
    path=f"{LIVE}/fullchain.pem",
    leaf=NEW,
    public="pp",
    key=f"{LIVE}/privkey.pem",
    tool="certbot",
)


def diff(claim: Claim) -> str:
    steps = claim.fix.steps if claim.fix else ()
    return "".join(step.diff for step in steps if isinstance(step, Edit))


def test_fires_and_names_both_files() -> None:
    (claim,) = judge(CHECK, SERVED, FILE, OTHER, RUNNING, config())
    assert claim.severity is None
    assert f"+    ssl_certificate {LIVE}/fullchain.pem;" in diff(claim)
    assert f"+    ssl_certificate_key {LIVE}/privkey.pem;" in diff(claim)
    assert claim.facts["place"] == "/etc/nginx/nginx.conf:5"
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


@pytest.mark.parametrize(
    "other",
    [
        replace(OTHER, tool="", leaf=replace(NEW, issuer="CN=another")),
        replace(OTHER, leaf=replace(NEW, issuer="CN=(STAGING) Counterfeit Cashew R10")),
        replace(OTHER, tool="acme.sh", path="/root/.acme.sh/shop.example.com/fullchain.cer"),
        replace(OTHER, tool="acme.sh", path="/home/a/.acme.sh/shop.example.com/fullchain.cer"),
    ],
    ids=["another authority", "for tests", "acme.sh's own", "somebody's home"],
)
def test_fires_and_asks_before_it_takes_what_may_not_do(other: OtherCertificate) -> None:
    (claim,) = judge(CHECK, SERVED, FILE, other, RUNNING, config())
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert f"ssl_certificate {other.path};" in diff(claim)


def test_fires_and_brings_the_copies_of_a_panel_up_to_date() -> None:
    """DSM writes nginx's configuration anew."""
    store = "/usr/syno/etc/certificate/_archive/pYZfmg"
    other = replace(OTHER, tool="DSM", path=f"{store}/fullchain.pem", key=f"{store}/privkey.pem")
    (claim,) = judge(CHECK, SERVED, FILE, other, RUNNING, config())
    assert claim.facts["copied"]
    assert not diff(claim)
    assert claim.fix
    typed = [step.argv for step in claim.fix.steps if isinstance(step, Command)]
    assert [words[-1] for words in typed[:2]] == [other.path, other.key]


def test_fires_without_asking_for_another_public_authority() -> None:
    other = replace(OTHER, leaf=replace(NEW, issuer="CN=R13,O=Let's Encrypt,C=US"))
    (claim,) = judge(CHECK, SERVED, FILE, other, RUNNING, config())
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_as_a_warning_while_the_old_one_is_still_good() -> None:
    soon = replace(OLD, not_after=NOW + timedelta(days=3))
    observation = replace(SERVED, chain=(soon,), verify_code=0, failure=None)
    (claim,) = judge(CHECK, observation, FILE, OTHER, RUNNING, config())
    assert claim.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("used", "tool", "fires"),
    [
        (f"{LIVE}/fullchain.pem", "", False),
        ("/home/a/.acme.sh/shop.example.com/fullchain.cer", "", False),
        (f"{LIVE}/fullchain.pem", "acme.sh", True),
        ("/etc/nginx/shop.pem", "", True),
    ],
)
def test_a_file_that_no_tool_keeps_is_no_renewal_of_one_that_is_renewed(
    used: str, tool: str, fires: bool
) -> None:
    """What is late there is the renewal in its own place."""
    soon = replace(OLD, not_after=NOW + timedelta(days=3))
    served = replace(SERVED, chain=(soon,), verify_code=0, failure=None)
    file = replace(FILE, path=used, chain=(soon,))
    other = replace(OTHER, path="/etc/ssl/shop.pem", key="/etc/ssl/shop.key", tool=tool)
    named = config(SITE.replace("shop.pem", used))
    assert bool(judge(CHECK, served, file, other, RUNNING, named)) is fires
    expired = replace(FILE, path=used)
    assert judge(CHECK, SERVED, expired, other, RUNNING, named)


def test_fires_and_leaves_the_key_where_it_is_the_same() -> None:
    same = replace(OTHER, key="/etc/nginx/shop.key")
    (claim,) = judge(CHECK, SERVED, FILE, same, RUNNING, config())
    assert "fullchain.pem" in diff(claim)
    assert "ssl_certificate_key /" not in diff(claim)


def test_fires_for_the_right_pair_of_two() -> None:
    two = SITE.replace(
        "    ssl_certificate shop", "    ssl_certificate e.pem; ssl_certificate_key e.key;\n"
        "    ssl_certificate shop",
    )  # fmt: skip
    (claim,) = judge(CHECK, SERVED, FILE, OTHER, RUNNING, config(two))
    assert "-    ssl_certificate e.pem" not in diff(claim)
    assert "-    ssl_certificate_key shop.key;" in diff(claim)


def test_fires_for_the_one_with_most_of_the_names() -> None:
    leaf = replace(NEW, dns_names=("*.example.com",), not_after=NOW + timedelta(days=300))
    wild = replace(OTHER, path="/etc/ssl/wild.pem", leaf=leaf)
    (claim,) = judge(CHECK, SERVED, FILE, wild, OTHER, RUNNING, config())
    assert claim.facts["other"] == OTHER.path


def test_fires_and_leaves_lines_of_several_sites_to_a_person() -> None:
    lines = "ssl_certificate shop.pem; ssl_certificate_key shop.key;\n"
    sites = (
        "server { listen 443 ssl; server_name shop.example.com; }\n"
        "server { listen 443 ssl; server_name blog.example.com; }\n"
    )
    (claim,) = judge(CHECK, SERVED, FILE, OTHER, RUNNING, config(lines + sites))
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    "other",
    [
        replace(OTHER, key=""),
        replace(OTHER, leaf=replace(NEW, not_after=NOW - timedelta(days=1))),
        replace(OTHER, leaf=replace(NEW, not_before=NOW + timedelta(days=1))),
        replace(OTHER, leaf=replace(NEW, dns_names=("blog.example.com",))),
        replace(OTHER, leaf=replace(NEW, issuer=NEW.subject)),
    ],
    ids=["without its key", "expired itself", "of tomorrow", "for another name", "self-signed"],
)
def test_silent_when_the_other_would_not_do(other: OtherCertificate) -> None:
    assert not judge(CHECK, SERVED, FILE, other, RUNNING, config())


def test_silent_when_something_else_is_served_than_the_file() -> None:
    front = replace(SERVED, chain=(replace(OLD, sha256="cc"),))
    assert not judge(CHECK, front, FILE, OTHER, RUNNING, config())


def test_fires_and_has_it_copied_where_nginx_does_not_see_the_place() -> None:
    """ProtectHome=true: with a path in /home nginx would not start any more."""
    other = replace(OTHER, tool="acme.sh", path="/home/a/.acme.sh/shop.example.com/fullchain.cer")
    master = NginxProcess(pid=7, binary="/usr/sbin/nginx", private=("/home", "/tmp"))
    state = NginxState(installed=True, masters=(master,))
    (claim,) = judge(CHECK, SERVED, FILE, other, state, config())
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert isinstance(claim.fix.steps[0], Manual)


EARLY = replace(OLD, not_before=NOW - timedelta(days=62), not_after=NOW + timedelta(days=28))
COPY = CertificateFile(path="/etc/nginx/shop.pem", sha256="aa", chain=(EARLY,))
RENEWED = replace(OTHER, leaf=replace(NEW, not_before=NOW - timedelta(days=5)))


def early(file: CertificateFile, other: OtherCertificate) -> list[Claim]:
    return judge(CHECK, shake(chain=(EARLY,)), file, other, RUNNING, config())


@pytest.mark.parametrize(
    "authorities",
    [("CN=ca", "CN=ca"), ("CN=R10,O=Let's Encrypt,C=US", "CN=E7,O=Let's Encrypt,C=US")],
    ids=["the same", "another intermediate"],
)
def test_fires_before_the_copy_expires(authorities: tuple[str, str]) -> None:
    first, second = (
        replace(certificate, issuer=issuer)
        for certificate, issuer in zip((EARLY, RENEWED.leaf), authorities, strict=True)
    )
    (claim,) = judge(
        CHECK,
        shake(chain=(first,)),
        replace(COPY, chain=(first,)),
        replace(RENEWED, leaf=second),
        RUNNING,
        config(),
    )
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert f"+    ssl_certificate {LIVE}/fullchain.pem;" in diff(claim)


@pytest.mark.parametrize(
    ("file", "other"),
    [
        (replace(COPY, real="/etc/letsencrypt/archive/shop.example.com/fullchain1.pem"), RENEWED),
        (COPY, replace(RENEWED, tool="", path="/etc/nginx/ssl/mail.pem")),
        (COPY, replace(RENEWED, leaf=replace(NEW, not_before=NOW - timedelta(hours=9)))),
        (COPY, replace(RENEWED, leaf=replace(RENEWED.leaf, issuer="CN=R13,O=Let's Encrypt"))),
        (
            replace(
                COPY,
                chain=(replace(EARLY, dns_names=("shop.example.com", "www.shop.example.com")),),
            ),
            RENEWED,
        ),
    ],
    ids=[
        "a tool renews the one in use",
        "nothing renews the other",
        "renewed today: a script may copy it tonight",
        "of another authority",
        "for fewer names",
    ],
)
def test_silent_while_the_other_may_be_no_renewal(
    file: CertificateFile, other: OtherCertificate
) -> None:
    assert not early(file, other)


def test_silent_for_a_copy_that_nobody_keeps_beside_one_that_certbot_keeps() -> None:
    """The renewal of certbot's own fails: that is the cause. After its end any good one helps."""
    soon = replace(OLD, not_after=NOW + timedelta(days=3))
    kept = replace(FILE, path=f"{LIVE}/fullchain.pem", chain=(soon,))
    copy = replace(OTHER, path="/etc/nginx/ssl/shop.pem", key="/etc/nginx/ssl/shop.key", tool="")
    text = config(SITE.replace("shop.pem", f"{LIVE}/fullchain.pem"))
    still = replace(SERVED, chain=(soon,), verify_code=0, failure=None)
    assert not judge(CHECK, still, kept, copy, RUNNING, text)
    assert judge(CHECK, still, replace(FILE, chain=(soon,)), copy, RUNNING, config())
    assert judge(CHECK, SERVED, replace(kept, chain=(OLD,)), copy, RUNNING, text)
