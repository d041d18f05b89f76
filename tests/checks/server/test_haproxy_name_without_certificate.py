from dataclasses import replace

from diagnose.model import Applicability, Claim, Confidence, Edit, Observation
from diagnose.model.files import OtherCertificate
from diagnose.model.nginx import CertificateFile
from diagnose.model.web_servers import ServerFile, WebServerConfig
from tests.support.certificates import LEAF
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import PEM, SERVER, TEXT, config
from tests.support.tls_evidence import alerted, shake

CHECK = "server.haproxy-name-without-certificate"
LIST = "/etc/haproxy/list.txt"
STRICT = config(TEXT.replace(f"crt {PEM}", f"crt-list {LIST} strict-sni"))
FILE = CertificateFile(path=PEM, chain=(LEAF,))


def test_fires_for_a_list_that_gives_the_file_to_other_names() -> None:
    (claim,) = judge(CHECK, SERVER, STRICT, alerted(112), FILE)
    assert claim.facts["list"] == LIST
    assert claim.facts["fitting"] == (PEM,)
    assert claim.confidence is Confidence.LIKELY


def test_fires_with_certainty_when_no_file_is_for_the_name() -> None:
    other = replace(FILE, chain=(replace(LEAF, dns_names=("www.example.org",)),))
    (claim,) = judge(CHECK, SERVER, STRICT, alerted(40), other)
    assert claim.confidence is Confidence.CERTAIN


def test_silent_without_strict_sni_or_without_the_alert() -> None:
    assert not judge(CHECK, SERVER, config(), alerted(112), FILE)
    assert not judge(CHECK, SERVER, STRICT, shake(), FILE)
    assert not judge(CHECK, SERVER, STRICT, alerted(70), FILE)


BLOG = replace(LEAF, dns_names=("blog.example.com",), sha256="b1")
BLOG_FILE = CertificateFile(path="/etc/haproxy/blog.pem", sha256="b1", chain=(BLOG,))
VISIT = shake(chain=(BLOG,))


def listed(rows: str) -> WebServerConfig:
    text = TEXT.replace(f"crt {PEM}", f"crt-list {LIST}")
    return replace(config(text), maps=(ServerFile(LIST, rows),))


def changed(claim: Claim) -> list[str]:
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW
    step = claim.fix.steps[0]
    assert isinstance(step, Edit)
    lines = step.diff.split("\n")[2:]
    return [line for line in lines if line[:1] in {"+", "-"}]


def test_names_the_site_behind_a_row_that_has_another_name() -> None:
    rows = f"/etc/haproxy/blog.pem\n{PEM} [alpn h2] *.shop.example.com\n"
    (claim,) = judge(CHECK, SERVER, listed(rows), VISIT, FILE, BLOG_FILE)
    assert claim.confidence is Confidence.CERTAIN
    assert not claim.facts["strict"]
    row = f"{PEM} [alpn h2] *.shop.example.com"
    assert changed(claim) == [f"-{row}", f"+{row} shop.example.com"]


def test_takes_the_name_from_the_row_of_another_certificate() -> None:
    rows = f"/etc/haproxy/blog.pem shop.example.com\n{PEM} blog.example.com\n"
    (claim,) = judge(CHECK, SERVER, listed(rows), VISIT, FILE, BLOG_FILE)
    assert changed(claim) == [
        "-/etc/haproxy/blog.pem shop.example.com",
        f"-{PEM} blog.example.com",
        "+/etc/haproxy/blog.pem",
        f"+{PEM} blog.example.com shop.example.com",
    ]
    (claim,) = judge(CHECK, SERVER, listed(rows.split("\n")[0]), VISIT, BLOG_FILE, OTHER)
    assert changed(claim)[-2:] == [
        "+/etc/haproxy/blog.pem",
        f"+{OTHER.path} shop.example.com",
    ]


OTHER = OtherCertificate(path="/etc/haproxy/new.pem", leaf=LEAF, key="/etc/haproxy/new.pem")


def test_adds_a_file_that_lies_beside_the_others() -> None:
    rows = "/etc/haproxy/blog.pem\n"
    (claim,) = judge(CHECK, SERVER, listed(rows), VISIT, BLOG_FILE, OTHER)
    assert claim.facts["other"] == OTHER.path
    assert changed(claim) == [f"+{OTHER.path} shop.example.com"]
    (claim,) = judge(CHECK, SERVER, config(), VISIT, BLOG_FILE, OTHER)
    assert changed(claim)[1] == f"+    bind :443 ssl crt {PEM} crt {OTHER.path}"


def test_leaves_a_name_that_is_kept_out_to_a_person() -> None:
    rows = f"/etc/haproxy/blog.pem\n{PEM} *.example.com !shop.example.com\n"
    (claim,) = judge(CHECK, SERVER, listed(rows), VISIT, FILE, BLOG_FILE)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL


def test_without_a_file_for_the_name_a_person_requests_one() -> None:
    (claim,) = judge(CHECK, SERVER, config(), VISIT, BLOG_FILE, replace(OTHER, key="/x.key"))
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_where_the_files_could_not_be_read() -> None:
    (claim,) = judge(CHECK, SERVER, config(), VISIT)
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_the_files_on_disk_are_for_the_name() -> None:
    rows = f"/etc/haproxy/blog.pem\n{PEM}\n"
    assert not judge(CHECK, SERVER, listed(rows), VISIT, FILE, BLOG_FILE)
    assert not judge(CHECK, SERVER, config(), VISIT, FILE, BLOG_FILE)


def test_silent_where_another_machine_or_a_placeholder_answers() -> None:
    def silent(*observations: Observation) -> bool:
        return not judge(CHECK, SERVER, config(), *observations)

    own = replace(BLOG_FILE, sha256="b2")
    assert silent(VISIT, own)
    assert silent(shake(chain=(LEAF,)), FILE, BLOG_FILE)
    selfsigned = replace(BLOG, issuer=BLOG.subject, authority_key_id=BLOG.key_id)
    assert silent(shake(chain=(selfsigned,)), replace(BLOG_FILE, chain=(selfsigned,)))
