from dataclasses import replace

import pytest

from diagnose.model import Applicability, Command, Confidence, Edit, Manual
from diagnose.model.nginx import CertificateFile
from diagnose.model.processes import NamingLine
from tests.support.certificates import HEALTHY, LEAF, MIDDLE, OTHER, ROOT, causes, leaf, visit
from tests.support.check_evidence import judge, texts
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.program_certificates import BY_HAND, named
from tests.support.program_certificates import LIVE as TOOL

PUBLIC = leaf(issuer_urls=("http://ca.example/middle.der",))


def test_fires_when_only_the_leaf_is_sent() -> None:
    (claim,) = judge("certificate.chain-incomplete", visit(PUBLIC, code=20))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["url"] == "http://ca.example/middle.der"
    assert causes(visit(PUBLIC, code=20)) == ["certificate.chain-incomplete"]


def test_silent_where_the_leaf_of_a_private_root_comes_alone() -> None:
    assert causes(visit(leaf(issuer_urls=()), code=21)) == ["certificate.untrusted-root"]


def test_fires_where_a_tool_for_public_authorities_keeps_the_leaf() -> None:
    private = leaf(issuer_urls=())
    path = "/etc/letsencrypt/live/shop/cert.pem"
    file = CertificateFile(path=path, sha256=private.sha256, chain=(private,))
    assert judge("certificate.chain-incomplete", visit(private, code=20), file)
    assert not judge("certificate.untrusted-root", visit(private, code=20), file)


def test_fires_with_less_confidence_where_it_could_not_be_read_whether_it_is_public() -> None:
    odd = leaf(issuer_urls=(), unread=("authorities",))
    (claim,) = judge("certificate.chain-incomplete", visit(odd, code=21))
    assert claim.confidence is Confidence.LIKELY


def test_fires_when_the_leaf_is_sent_twice() -> None:
    assert causes(visit(LEAF, LEAF, code=20)) == ["certificate.chain-incomplete"]


def test_fires_for_the_one_address_of_two_that_lacks_it() -> None:
    (claim,) = judge(
        "certificate.chain-incomplete", visit(), visit(LEAF, code=20, address="203.0.113.11")
    )
    assert str(claim.about) == "203.0.113.11:443"


def test_silent_when_the_chain_is_whole_in_whatever_order_or_another_is_at_fault() -> None:
    assert not judge("certificate.chain-incomplete", HEALTHY)
    assert not judge("certificate.chain-incomplete", visit(LEAF, ROOT, MIDDLE))
    assert not judge("certificate.chain-incomplete", visit(LEAF, MIDDLE, code=20))
    assert not judge("certificate.chain-incomplete", visit(LEAF, OTHER, code=20))
    assert not judge("certificate.chain-incomplete", visit(replace(LEAF), code=66))


LIVE = "/etc/letsencrypt/live/shop.example.com-0001"
ACME_SH = "/root/.acme.sh/shop.example.com_ecc"


@pytest.mark.parametrize(
    ("path", "whole"),
    [
        (f"{LIVE}/cert.pem", f"{LIVE}/fullchain.pem"),
        (f"{ACME_SH}/shop.example.com.cer", f"{ACME_SH}/fullchain.cer"),
        ("/etc/dehydrated/certs/shop/cert.pem", "/etc/dehydrated/certs/shop/fullchain.pem"),
    ],
)
def test_fires_and_names_the_whole_chain_that_the_tool_keeps_beside(path: str, whole: str) -> None:
    file = CertificateFile(path=path, sha256=PUBLIC.sha256, chain=(PUBLIC,))
    site = config(SITE.replace("ssl_certificate shop.pem", f"ssl_certificate {path}"))
    (claim,) = judge("certificate.chain-incomplete", visit(PUBLIC, code=20), file, RUNNING, site)
    assert claim.fix
    edit, *commands = claim.fix.steps
    assert isinstance(edit, Edit)
    assert f"-    ssl_certificate {path};\n+    ssl_certificate {whole};\n" in edit.diff
    assert all(isinstance(command, Command) for command in commands)
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_and_appends_the_downloaded_issuer_to_the_file_behind_a_link() -> None:
    file = CertificateFile(
        path="/etc/nginx/shop.pem", real="/srv/tls/a.pem", sha256=PUBLIC.sha256, chain=(PUBLIC,)
    )
    (claim,) = judge(
        "certificate.chain-incomplete", visit(PUBLIC, code=20), file, RUNNING, config()
    )
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    download, convert, prove, append, *_ = (
        step.argv for step in claim.fix.steps if isinstance(step, Command)
    )
    assert download[-3:] == ("-o", "/srv/tls/.a.pem.issuer.der", "http://ca.example/middle.der")
    assert convert[-1] == "/srv/tls/.a.pem.issuer.pem"
    assert prove[-2:] == ("/srv/tls/.a.pem.issuer.pem", "/srv/tls/a.pem")
    assert append == ("sed", "-i", "-e", "$r /srv/tls/.a.pem.issuer.pem", "/srv/tls/a.pem")


@pytest.mark.parametrize(
    "urls",
    [("ldap://ca.example/cn=CA",), ("http://ca.example/ca.p7c",), ("http://[",), ("http:///a",)],
)
def test_fires_and_leaves_what_is_no_single_certificate_to_a_person(urls: tuple[str, ...]) -> None:
    odd = leaf(issuer_urls=urls)
    file = CertificateFile(path="/etc/nginx/shop.pem", sha256=odd.sha256, chain=(odd,))
    (claim,) = judge("certificate.chain-incomplete", visit(odd, code=20), file, RUNNING, config())
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
    assert claim.facts["file"] == "/etc/nginx/shop.pem"


def test_fires_and_its_page_quotes_the_url_once_for_the_shell() -> None:
    hostile = leaf(issuer_urls=("http://ca.example/$(reboot)",))
    (claim,) = judge("certificate.chain-incomplete", visit(hostile, code=20))
    assert claim.facts["url"] == "http://ca.example/$(reboot)"
    pages = texts("certificate.chain-incomplete", claim)
    assert sum("-sSo issuer.der 'http://ca.example/$(reboot)'`" in page for page in pages) == 2


def test_silent_about_quotes_where_the_url_needs_none() -> None:
    (claim,) = judge("certificate.chain-incomplete", visit(PUBLIC, code=20))
    pages = texts("certificate.chain-incomplete", claim)
    assert sum("-sSo issuer.der http://ca.example/middle.der`" in page for page in pages) == 2


def test_names_the_folder_in_which_the_missing_part_may_lie() -> None:
    """Issue 775 of acme.sh: fullchain.cer lies beside the certificate that is served."""
    file = CertificateFile(path="/etc/nginx/cert/a b/x.cer", sha256=PUBLIC.sha256, chain=(PUBLIC,))
    (claim,) = judge("certificate.chain-incomplete", visit(PUBLIC, code=20), file)
    said = "\n".join(texts("certificate.chain-incomplete", claim))
    assert "'/etc/nginx/cert/a b'/*" in said
    (claim,) = judge("certificate.chain-incomplete", visit(PUBLIC, code=20))
    assert "BEGIN CERTIFICATE" not in "\n".join(texts("certificate.chain-incomplete", claim))


def test_fires_and_has_a_program_read_the_whole_chain() -> None:
    own = named(f"{TOOL}/cert.pem", PUBLIC)
    (claim,) = judge("certificate.chain-incomplete", visit(PUBLIC, code=20), own)
    assert claim.fix
    edit, restart = claim.fix.steps
    assert isinstance(edit, Edit)
    assert edit.diff.splitlines()[2:] == [
        "@@ -4,1 +4,1 @@",
        f"-  cert: read('{TOOL}/cert.pem'),",
        f"+  cert: read('{TOOL}/fullchain.pem'),",
    ]
    assert isinstance(restart, Command)
    assert restart.argv == ("systemctl", "restart", "shop")
    assert claim.fix.applicability is Applicability.REVIEW
    assert claim.facts["whole"] == f"{TOOL}/fullchain.pem"


def test_fires_and_appends_the_issuer_to_the_own_file_of_a_program() -> None:
    own = named("/srv/shop/tls/server.crt", PUBLIC, unit="", starter=BY_HAND)
    (claim,) = judge("certificate.chain-incomplete", visit(PUBLIC, code=20), own)
    assert claim.fix
    words = [step.argv[0] for step in claim.fix.steps if isinstance(step, Command)]
    assert words[:4] == ["curl", "openssl", "openssl", "sed"]
    assert len(words) > 4


def test_fires_and_leaves_a_program_to_a_person_whose_file_or_start_is_not_known() -> None:
    path = f"{TOOL}/cert.pem"
    twice = f"  cert: read('{path}'), ca: read('{path}'),"
    other = NamingLine("/srv/shop/old.js", 1, f"read('{path}')", path)
    one = named(path, PUBLIC)
    for own in (
        named(path, PUBLIC, text=twice),
        replace(one, lines=(*one.lines, other)),
        replace(one, unit=""),
        named(path, replace(PUBLIC, sha256="ff")),
        named(path, PUBLIC, MIDDLE),
    ):
        (claim,) = judge("certificate.chain-incomplete", visit(PUBLIC, code=20), own)
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL


def test_fires_and_names_the_whole_chain_for_a_link_to_the_leaf() -> None:
    link = named("/srv/shop/site.pem", PUBLIC, real=f"{TOOL}/cert.pem")
    (claim,) = judge("certificate.chain-incomplete", visit(PUBLIC, code=20), link)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert edit.diff.splitlines()[-1] == f"+  cert: read('{TOOL}/fullchain.pem'),"
    # A path that is put together cannot get another folder.
    line = replace(link.lines[0], named="site.pem", text="  cert: join(dir, 'site.pem'),")
    (claim,) = judge(
        "certificate.chain-incomplete", visit(PUBLIC, code=20), replace(link, lines=(line,))
    )
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
