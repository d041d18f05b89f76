"""The certificates that Traefik's dynamic files name."""

from dataclasses import replace

from diagnose.model.traefik import Router
from diagnose.model.web_servers import SiteFile, SiteSocket, WebSite
from diagnose.parsers.traefik.certificate_files import certificate_files, with_certificates
from diagnose.parsers.traefik.configuration import decode

YAML = """\
tls:
  certificates:
    - certFile: /etc/ssl/shop.pem
      keyFile: /etc/ssl/shop.key
    - certFile: |-
        -----BEGIN CERTIFICATE-----
      keyFile: /etc/ssl/other.key
  stores:
    default:
      defaultCertificate: {certFile: /etc/ssl/any.pem, keyFile: /etc/ssl/any.key}
"""
SHOP = (
    SiteFile("certificate", "/etc/ssl/shop.pem", "/etc/t.yml", 3),
    SiteFile("key", "/etc/ssl/shop.key", "/etc/t.yml", 4),
)
TLS = WebSite(("shop.example.com",), (SiteSocket(443, tls=True),))
PLAIN = WebSite(("shop.example.com",), (SiteSocket(80),))


def test_reads_pairs_of_files_with_their_lines() -> None:
    files = certificate_files({"/etc/t.yml": (YAML, decode("/etc/t.yml", YAML))}, True)
    assert files[:2] == SHOP
    assert [(file.path, file.line) for file in files[2:]] == [
        ("/etc/ssl/any.pem", 10),
        ("/etc/ssl/any.key", 10),
    ]


def test_names_no_place_where_traefik_does_not_watch() -> None:
    files = certificate_files({"/etc/t.yml": (YAML, decode("/etc/t.yml", YAML))}, False)
    assert {(file.file, file.line) for file in files} == {("", 0)}


def test_takes_any_document() -> None:
    documents: tuple[object, ...] = (
        None, [], {"tls": []}, {"tls": {"certificates": [1, {"certFile": 7}]}},
    )  # fmt: skip
    for document in documents:
        assert certificate_files({"/a.yml": ("", document)}, True) == ()


def test_only_sites_with_tls_have_them_and_none_beside_a_resolver() -> None:
    assert with_certificates([TLS, PLAIN], [Router("shop")], SHOP)[0].files == SHOP
    assert with_certificates([TLS, PLAIN], [Router("shop")], SHOP)[1].files == ()
    assert with_certificates([TLS], [Router("shop", resolver="le")], SHOP)[0].files == ()


def test_of_several_pairs_a_site_has_that_with_its_name() -> None:
    blog = tuple(replace(file, path=file.path.replace("shop", "blog.example.org")) for file in SHOP)
    own = tuple(replace(file, path=f"/live/shop.example.com/{file.role}") for file in SHOP)
    assert with_certificates([TLS], [Router("shop")], own + blog)[0].files == own
    assert with_certificates([TLS], [Router("shop")], SHOP + blog)[0].files == ()
