import pytest

from diagnose.model import Applicability, Command, Edit, Failure
from diagnose.model.files import StoredCertificate
from diagnose.model.nginx import CertificateFile, KeyFile
from diagnose.model.tls import Certificate
from diagnose.parsers.nginx.edits import apply_patch
from tests.support.certificates import LEAF
from tests.support.check_evidence import NOW, judge
from tests.support.nginx_evidence import STOPPED, config, nginx_says

CHECK = "nginx.pem-invalid"
NO_START = "(SSL: error:0480006C:PEM routines::no start line:Expecting: TRUSTED CERTIFICATE)"
PEM = 'cannot load certificate "/etc/nginx/shop.pem": PEM_read_bio_X509_AUX() failed'
KEY = 'cannot load certificate key "/etc/nginx/shop.key": PEM_read_bio_PrivateKey() failed'


def held(*labels: str) -> CertificateFile:
    return CertificateFile(path="/etc/nginx/shop.pem", labels=labels)


def test_fires_when_the_file_holds_nothing() -> None:
    (claim,) = judge(CHECK, nginx_says(f"{PEM} {NO_START}"), config(), STOPPED, held())
    assert claim.facts["nothing"]
    assert claim.location


def test_fires_when_the_two_are_swapped() -> None:
    (claim,) = judge(CHECK, nginx_says(f"{PEM} {NO_START}"), config(), held("PRIVATE KEY"))
    assert claim.facts["swapped"]


def test_fires_when_a_line_is_broken() -> None:
    said = f"{PEM} (SSL: error:04800066:PEM routines::bad end line)"
    (claim,) = judge(CHECK, nginx_says(said), config(), held("CERTIFICATE"))
    assert claim.facts["broken"]


def test_fires_for_a_key() -> None:
    said = f"{KEY} (SSL: error:1E08010C:DECODER routines::unsupported:No supported data)"
    (claim,) = judge(CHECK, nginx_says(said), config())
    assert claim.facts["key"]


@pytest.mark.parametrize(
    "why",
    [
        "error:80000002:system library::No such file or directory",
        "error:8000000D:system library::Permission denied",
        "error:0480006D:PEM routines::problems getting password",
        "error:1C800064:Provider routines::bad decrypt",
    ],
)
def test_silent_when_it_is_something_else(why: str) -> None:
    assert not judge(CHECK, nginx_says(f"{KEY} (SSL: {why})"), config())


def test_silent_when_nginx_is_content() -> None:
    assert not judge(CHECK, nginx_says(), config(), held())


def pem(name: str) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{name}\n-----END CERTIFICATE-----"


def leaf() -> Certificate:
    return Certificate("CN=x", "CN=y", "1", NOW, NOW, "00")


def test_fires_and_puts_each_mark_on_a_line_of_its_own() -> None:
    file = CertificateFile(
        path="/etc/nginx/shop.pem",
        real="/etc/ssl/shop.pem",
        labels=("CERTIFICATE", "CERTIFICATE"),
        chain=(leaf(), leaf()),
        text=pem("QQ==") + pem("QUE="),
    )
    said = f"{PEM} (SSL: error:04800066:PEM routines::bad end line)"
    (claim,) = judge(CHECK, nginx_says(said), config(), file)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert edit.path == "/etc/ssl/shop.pem"
    assert apply_patch(file.text, edit.diff) == f"{pem('QQ==')}\n{pem('QUE=')}"


def test_fires_and_takes_away_what_stands_before_the_only_certificate() -> None:
    file = CertificateFile(path="/etc/nginx/shop.pem", labels=("CERTIFICATE",), chain=(leaf(),))
    (claim,) = judge(CHECK, nginx_says(f"{PEM} {NO_START}"), config(), file)
    assert claim.fix
    step = claim.fix.steps[0]
    assert isinstance(step, Command)
    assert (step.argv[0], step.argv[-1]) == ("sed", "/etc/nginx/shop.pem")


def test_fires_and_swaps_two_paths_that_are_in_each_others_place() -> None:
    failed = Failure("exit", "Could not find private key", 1)
    key = KeyFile(path="/etc/nginx/shop.key", failure=failed)
    (claim,) = judge(CHECK, nginx_says(f"{PEM} {NO_START}"), config(), held("PRIVATE KEY"), key)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ssl_certificate shop.key;\n+    ssl_certificate_key shop.pem;\n" in edit.diff
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_and_asks_for_a_new_file_where_a_certificate_is_broken() -> None:
    said = f"{PEM} (SSL: error:04800066:PEM routines::bad end line)"
    file = CertificateFile(
        path="/etc/nginx/shop.pem", labels=("CERTIFICATE", "CERTIFICATE"), chain=(leaf(),)
    )
    (claim,) = judge(CHECK, nginx_says(said), config(), file)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_the_certificate_that_lies_beside_the_request_is_named() -> None:
    """acme.sh keeps the request and the chain in one folder, and the request is named."""
    folder = "/root/.acme.sh/shop.example.com"
    stored = StoredCertificate(
        path=f"{folder}/fullchain.cer", chain=(LEAF,), key=f"{folder}/shop.example.com.key"
    )
    text = f"""\
server {{
    listen 443 ssl;
    server_name shop.example.com;
    ssl_certificate {folder}/shop.csr;
    ssl_certificate_key {folder}/shop.example.com.key;
}}
"""
    said = nginx_says(PEM.replace("/etc/nginx/shop.pem", f"{folder}/shop.csr") + f" {NO_START}")
    file = CertificateFile(path=f"{folder}/shop.csr", labels=("CERTIFICATE REQUEST",))
    (claim,) = judge(CHECK, said, config(text), file, stored)
    assert claim.fix
    assert f"+    ssl_certificate {stored.path};" in claim.fix.edits[0].diff
    # A home that the configuration does not name is nobody's folder for sites.
    elsewhere = StoredCertificate(path="/root/a.pem", chain=(LEAF,), key="/root/a.key")
    (claim,) = judge(CHECK, said, config(text), file, elsewhere)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
