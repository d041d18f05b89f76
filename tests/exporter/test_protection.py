"""Who may ask the exporter: the certificate's names, the rate."""

import ssl
from pathlib import Path

import httpx
import pytest
import trustme

from diagnose.exporter.protection import TokenBucket, has_allowed_name
from diagnose.exporter.values import Duration
from diagnose.exporter.web_config import RateLimit
from tests.exporter.test_main import started
from tests.support.exporter import http_module, write_config


def test_a_burst_and_then_one_each_interval() -> None:
    now = 100.0
    bucket = TokenBucket(RateLimit(interval=Duration(2), burst=3), lambda: now)
    assert [bucket.take() for _ in range(5)] == [True, True, True, False, False]
    now = 101.9
    assert not bucket.take()
    now = 102.0
    assert [bucket.take(), bucket.take()] == [True, False]
    now = 1000.0
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        (("DNS", "prometheus.example"), True),
        (("IP Address", "2001:DB8:0:0:0:0:0:1"), True),
        (("URI", "spiffe://example/prometheus"), True),
        (("email", "operator@example.com"), True),
        (("DNS", "a.prometheus.example"), False),
        (("DNS", "Prometheus.example"), False),
        (("IP Address", "<invalid>"), False),
    ],
)
def test_a_name_is_allowed_exactly(name: tuple[str, str], allowed: bool) -> None:
    names = (
        "prometheus.example", "2001:db8::1", "spiffe://example/prometheus", "operator@example.com",
    )  # fmt: skip
    assert has_allowed_name({"subjectAltName": (name,)}, names) is allowed


@pytest.mark.parametrize("certificate", [None, {}])
def test_without_a_name_nobody_is_allowed(certificate: dict[str, object] | None) -> None:
    assert not has_allowed_name(certificate, ["prometheus.example"])


def indented(pem: trustme.Blob) -> str:
    return pem.bytes().decode().replace("\n", "\n    ")


def test_certificates_in_the_file_and_the_names_of_clients(tmp_path: Path) -> None:
    authority = trustme.CA()
    server = authority.issue_cert("127.0.0.1")
    web_file = tmp_path / "web.yml"
    web_file.write_text(f"""
tls_server_config:
  cert: |
    {indented(server.cert_chain_pems[0])}
  key: |
    {indented(server.private_key_pem)}
  client_ca: |
    {indented(authority.cert_pem)}
  client_auth_type: RequireAndVerifyClientCert
  client_allowed_sans: [prometheus.example]
  curve_preferences: [CurveP256]
rate_limit: {{interval: 1h, burst: 2}}
""")
    file = write_config(tmp_path, http_module())
    with started("--config.file", file, "--web.config.file", str(web_file)) as serve:
        url = f"{serve.url}/-/healthy"
        statuses = []
        for name in ("stranger.example", "prometheus.example", "prometheus.example"):
            context = ssl.create_default_context()
            authority.configure_trust(context)
            authority.issue_cert(name).configure_cert(context)
            statuses.append(httpx.get(url, verify=context).status_code)
        assert statuses == [403, 200, 429]
        stranger = ssl.create_default_context()
        authority.configure_trust(stranger)
        with pytest.raises(httpx.TransportError):
            httpx.get(url, verify=stranger)
