from dataclasses import replace
from datetime import timedelta

from diagnose.model import Applicability, Claim, Command, Edit
from diagnose.model.nginx import CertificateFile
from diagnose.model.web_servers import ServerFile, SiteFile, WebServerConfig
from tests.support.certificates import LEAF
from tests.support.check_evidence import NOW, judge
from tests.support.haproxy_evidence import CONFIG, PEM, SERVER, TEXT, config
from tests.support.tls_evidence import shake

CHECK = "server.haproxy-certificate-shadowed"
OLD = "/etc/haproxy/old.pem"
EXPIRED = replace(LEAF, sha256="e1", not_after=NOW - timedelta(days=3))
SELF = replace(LEAF, sha256="e2", issuer=LEAF.subject)
GOOD = CertificateFile(path=PEM, sha256=LEAF.sha256, chain=(LEAF,))
BAD = CertificateFile(path=OLD, sha256="e1", chain=(EXPIRED,))
LINE = TEXT.replace(f"crt {PEM}", f"crt {OLD} crt {PEM} alpn h2")


def files_of(conf: WebServerConfig, *paths: str) -> WebServerConfig:
    """Return a configuration whose socket has these files: those of a list or of a folder."""
    files = tuple(SiteFile("bundle", path, CONFIG, 6) for path in paths)
    return replace(conf, sites=tuple(replace(site, files=files) for site in conf.sites))


def steps(claim: Claim) -> list[str]:
    """Return the changed lines of an edit, or the words of a command, of the first step."""
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW
    step = claim.fix.steps[0]
    if isinstance(step, Command):
        return list(step.argv)
    assert isinstance(step, Edit)
    return [line for line in step.diff.split("\n")[2:] if line[:1] in {"+", "-"}]


def test_fires_for_an_expired_certificate_that_stands_first() -> None:
    (claim,) = judge(CHECK, SERVER, config(LINE), shake(chain=(EXPIRED,)), BAD, GOOD)
    assert claim.facts["good"] == PEM
    assert steps(claim)[1] == f"+    bind :443 ssl crt {PEM} alpn h2"


def test_fires_for_a_self_signed_one_in_a_list() -> None:
    text = TEXT.replace(f"crt {PEM}", "crt-list /etc/haproxy/list")
    rows = ServerFile("/etc/haproxy/list", f"{OLD}\n{PEM}\n")
    listed = replace(files_of(config(text), OLD, PEM), maps=(rows,))
    bad = replace(BAD, sha256="e2", chain=(SELF,))
    (claim,) = judge(CHECK, SERVER, listed, shake(chain=(SELF,)), bad, GOOD)
    assert steps(claim) == [f"-{OLD}"]
    kept = replace(listed, maps=(replace(rows, text=f"{OLD}\n{PEM} www.example.org\n"),))
    assert not judge(CHECK, SERVER, kept, shake(chain=(SELF,)), bad, GOOD)


def test_moves_the_file_out_of_a_folder() -> None:
    folder = TEXT.replace(f"crt {PEM}", "crt /etc/haproxy/certs/")
    old, new = "/etc/haproxy/certs/a.pem", "/etc/haproxy/certs/shop.pem"
    conf = files_of(config(folder), old, new)
    files = replace(BAD, path=old), replace(GOOD, path=new)
    (claim,) = judge(CHECK, SERVER, conf, shake(chain=(EXPIRED,)), *files)
    assert steps(claim) == ["mv", "-n", old, "/etc/haproxy/a.pem"]


def test_leaves_names_that_no_other_file_has_to_a_person() -> None:
    both = replace(EXPIRED, dns_names=(*EXPIRED.dns_names, "blog.example.org"))
    bad = replace(BAD, chain=(both,))
    (claim,) = judge(CHECK, SERVER, config(LINE), shake(chain=(both,)), bad, GOOD)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_the_valid_one_is_served_or_is_not_named() -> None:
    assert not judge(CHECK, SERVER, config(LINE), shake(), BAD, GOOD)
    alone = config(TEXT.replace(PEM, OLD))
    assert not judge(CHECK, SERVER, alone, shake(chain=(EXPIRED,)), BAD, GOOD)
    other = replace(GOOD, chain=(replace(LEAF, dns_names=("www.example.org",)),))
    assert not judge(CHECK, SERVER, config(LINE), shake(chain=(EXPIRED,)), BAD, other)
