from checks.nginx import Nginx
from checks.nginx._certificates import (
    certificate_files,
    file_reference,
    key_files,
    misplaced_certificate,
    own_certificate,
    own_certificate_index,
    paired_files,
    pairing_edits,
)
from diagnose.model import Observation
from diagnose.model.nginx import CertificateFile, KeyFile
from tests.support.certificates import LEAF, MIDDLE
from tests.support.check_evidence import evidence
from tests.support.nginx_evidence import SITE, config, nginx_says

CERTIFICATE = CertificateFile(
    path="/etc/nginx/shop.pem", chain=(MIDDLE, LEAF), publics=("middle", "leaf")
)
KEY = KeyFile(path="/etc/nginx/shop.key", key_type="RSA", public="leaf")
BLOG = SITE.replace("shop", "blog")


def view(*observations: Observation) -> Nginx:
    return Nginx.of(evidence(*observations))


def test_a_block_has_the_files_that_it_names() -> None:
    other = CertificateFile(path="/etc/nginx/blog.pem")
    nginx = view(config(SITE), CERTIFICATE, other, KEY)
    assert certificate_files(nginx, nginx.servers[0]) == (CERTIFICATE,)
    assert key_files(nginx, nginx.servers[0]) == (KEY,)


def test_a_file_is_found_in_the_block_that_names_it() -> None:
    nginx = view(config(SITE + BLOG))
    reference = file_reference(nginx, "ssl_certificate", "/etc/nginx/blog.pem")
    assert reference is not None
    assert reference[0].names == ("blog.example.com",)
    assert file_reference(nginx, "ssl_certificate", "/etc/nginx/x.pem") is None


def test_files_are_paired_in_the_order_of_the_lines() -> None:
    two = SITE.replace(
        "    ssl_certificate shop.pem;\n    ssl_certificate_key shop.key;\n",
        "    ssl_certificate rsa.pem;\n    ssl_certificate ec.pem;\n"
        "    ssl_certificate_key rsa.key;\n    ssl_certificate_key 'e c.key';\n",
    )
    names = ("ssl_certificate_key", "ssl_certificate")
    assert paired_files(view(config(two)), *names, "/etc/nginx/rsa.pem") == {
        "/etc/nginx/rsa.key": "rsa.key"
    }
    assert paired_files(view(config(two)), *names, "/etc/nginx/ec.pem") == {
        "/etc/nginx/e c.key": ""
    }


def test_a_bad_key_is_replaced_by_the_one_that_all_other_blocks_use() -> None:
    bad = SITE.replace("shop.key", "bad.key")
    (edit,) = pairing_edits(view(config(bad + SITE)), "ssl_certificate_key", "/etc/nginx/bad.key")
    assert "-    ssl_certificate_key bad.key;\n+    ssl_certificate_key shop.key;\n" in edit.diff


def test_a_bad_key_stays_where_the_other_blocks_disagree_or_there_are_none() -> None:
    bad, third = SITE.replace("shop.key", "bad.key"), SITE.replace("shop.key", "third.key")
    for text in (bad + SITE + third, bad):
        assert pairing_edits(view(config(text)), "ssl_certificate_key", "/etc/nginx/bad.key") == ()


def test_the_own_certificate_is_the_one_that_the_key_belongs_to() -> None:
    nginx = view(config(SITE), CERTIFICATE, KEY)
    assert own_certificate_index(CERTIFICATE, [KEY]) == 1
    assert own_certificate(nginx, nginx.servers[0], CERTIFICATE) is LEAF
    assert own_certificate_index(CERTIFICATE, []) == 0


def test_a_misplaced_certificate_is_seen_only_if_nginx_complains() -> None:
    message = (
        'SSL_CTX_use_PrivateKey("/etc/nginx/shop.key") failed '
        "(SSL: error:05800074:x509 certificate routines::key values mismatch)"
    )
    seen = (config(SITE), CERTIFICATE, KEY)
    assert misplaced_certificate(view(*seen, nginx_says(message))) == (CERTIFICATE, 1)
    assert misplaced_certificate(view(*seen, nginx_says())) is None
