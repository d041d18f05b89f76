"""The process: signals, reload, TLS and passwords, exit statuses."""

import contextlib
import re
import signal
import socket
import ssl
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import bcrypt
import httpx
import pytest
import trustme

from diagnose.exporter.server_tls import server_context
from diagnose.exporter.web_config import load_web_config
from tests.support.exporter import config, http_module, write_config


class Process(NamedTuple):
    url: str
    process: subprocess.Popen[str]

    def next_line(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.readline()


def command(*words: str) -> list[str]:
    listen = "--web.listen-address=127.0.0.1:0"
    return [sys.executable, "-P", "-m", "diagnose", "serve", listen, *words]


@contextlib.contextmanager
def started(*words: str) -> Iterator[Process]:
    with subprocess.Popen(command(*words), stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            match = re.search(r"https?://\S+", line)
            assert match, line
            yield Process(match[0].rstrip("/"), process)
        finally:
            process.kill()


def ended(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*words), capture_output=True, text=True, timeout=60, check=False)


def test_it_ends_in_good_order_at_sigterm(tmp_path: Path) -> None:
    with started("--config.file", write_config(tmp_path, http_module())) as serve:
        assert httpx.get(f"{serve.url}/-/healthy").text == "Healthy"
        serve.process.send_signal(signal.SIGTERM)
        assert serve.process.wait(timeout=30) == 0


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\0" * 100,
        b"GET / HTTP/1.1\r\nX: " + b"y" * 100_000,
        b"\x16\x03\x01\x02\0\x01",
        b"PRI * HTTP/2.0\r\n",
    ],
)
def test_what_is_no_http_fills_no_log(tmp_path: Path, request_bytes: bytes) -> None:
    with started("--config.file", write_config(tmp_path, http_module())) as serve:
        address = httpx.URL(serve.url)
        with socket.create_connection((address.host, address.port or 0)) as connection:
            connection.sendall(request_bytes + b"\r\n\r\n")
            assert b" 400 " in connection.recv(4096)
        serve.process.send_signal(signal.SIGTERM)
        assert serve.next_line() == "diagnose serve: Ending.\n"


def test_a_probe_in_flight_is_answered_before_the_end(tmp_path: Path) -> None:
    file = write_config(tmp_path, http_module(timeout="2s"))
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        started("--config.file", file) as serve,
        ThreadPoolExecutor(1) as threads,
    ):
        url = f"{serve.url}/probe?target=127.0.0.1:{silent.getsockname()[1]}"
        answer = threads.submit(httpx.get, url, timeout=60)
        connection, _ = silent.accept()
        serve.process.send_signal(signal.SIGTERM)
        assert serve.next_line() == "diagnose serve: Ending.\n"
        assert "probe_success 0" in answer.result().text
        connection.close()
        assert serve.process.wait(timeout=30) == 0


def test_a_port_that_others_reach_without_a_password_is_said(tmp_path: Path) -> None:
    file = write_config(tmp_path, http_module())
    with started("--config.file", file, "--web.listen-address=0.0.0.0:0") as serve:
        lines = [serve.next_line(), serve.next_line()]
    assert lines[-1] == (
        "diagnose serve: Everybody who reaches this port can probe from this machine: "
        "--web.config.file sets a password, --allow limits the targets.\n"
    )


def test_sighup_reloads(tmp_path: Path) -> None:
    with started("--config.file", write_config(tmp_path, http_module())) as serve:
        write_config(tmp_path, config({"new": {"prober": "http"}}))
        serve.process.send_signal(signal.SIGHUP)
        assert serve.next_line() == "diagnose serve: Reloaded config file.\n"
        assert "new:" in httpx.get(f"{serve.url}/config").text


def test_a_wrong_reload_is_said(tmp_path: Path) -> None:
    with started("--config.file", write_config(tmp_path, http_module())) as serve:
        write_config(tmp_path, "modules: []")
        serve.process.send_signal(signal.SIGHUP)
        assert serve.next_line().startswith("diagnose serve: Error reloading config: ")


@pytest.mark.parametrize(
    ("text", "status", "message"),
    [
        (http_module(), 0, "Config file is ok."),
        ("modules: {a: {prober: smoke}}", 78, "Invalid enum value 'smoke'"),
    ],
)
def test_the_configuration_is_checked(tmp_path: Path, text: str, status: int, message: str) -> None:
    done = ended("--config.check", "--config.file", write_config(tmp_path, text))
    assert done.returncode == status
    assert message in done.stderr


def test_without_a_file_it_says_which_option_names_it(tmp_path: Path) -> None:
    done = ended("--config.file", str(tmp_path / "blackbox.yml"))
    assert done.returncode == 78
    assert "blackbox.yml: No such file or directory" in done.stderr
    assert "--config.file names the file" in done.stderr


def test_a_port_in_use_is_an_error_of_usage(tmp_path: Path) -> None:
    file = write_config(tmp_path, http_module())
    with started("--config.file", file) as serve:
        address = serve.url.removeprefix("http://")
        done = ended("--config.file", file, f"--web.listen-address={address}")
    assert done.returncode == 64
    assert "Address already in use" in done.stderr


def web_config(folder: Path, authority: trustme.CA) -> str:
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    password_hash = bcrypt.hashpw(b"hunter2", bcrypt.gensalt(4)).decode()
    file = folder / "web.yml"
    file.write_text(f"""
tls_server_config:
  cert_file: server.pem
  key_file: server.pem
  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: true
http_server_config: {{http2: false, headers: {{X-Frame-Options: deny}}}}
basic_auth_users: {{prometheus: {password_hash}}}
""")
    return str(file)


def test_tls_and_passwords(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context()
    authority.configure_trust(context)
    file = write_config(tmp_path, http_module())
    web_file = web_config(tmp_path, authority)
    with (
        started("--config.file", file, "--web.config.file", web_file) as serve,
        httpx.Client(verify=context) as client,
    ):
        url = f"{serve.url}/-/healthy"
        assert serve.url.startswith("https://")
        for authentication, status in (
            (None, 401),
            (("prometheus", "hunter3"), 401),
            (("nobody", "hunter2"), 401),
            (("prometheus", "hunter2"), 200),
            (("prometheus", "hunter2"), 200),
        ):
            assert client.get(url, auth=authentication).status_code == status
        nonsense = {"Authorization": "Basic " + b64encode(b"\xff\x00").decode()}
        assert client.get(url, headers=nonsense).status_code == 401
        answer = client.get(url, auth=("prometheus", "hunter2"))
        assert answer.headers["X-Frame-Options"] == "deny"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("basic_auth_users: {a: plain}", "the password of 'a' is no bcrypt hash"),
        ("tls_server_config: {cert_file: /nowhere, key_file: /nowhere}", "tls_server_config: "),
        ("rate_limit: {interval: 1s}", "rate_limit: burst must be 1 or more"),
        ("rate_limits: {burst: 1}", "unknown field `rate_limits`"),
        ("http_server_config: {headers: {Server: a}}", "the header 'Server' cannot be set"),
        ("http_server_config: {headers: {X-Frame-Options: all}}", "must be deny or sameorigin"),
        ("tls_server_config: {cert_file: a.pem}", "key or key_file is needed"),
        (
            "tls_server_config: {cert: x, cert_file: a.pem, key_file: a.pem}",
            "cert and cert_file exclude each other",
        ),
        (
            "tls_server_config: {cert_file: a.pem, key_file: a.pem, client_allowed_sans: [a]}",
            "client_allowed_sans needs the client_auth_type RequireAndVerifyClientCert",
        ),
        (
            "tls_server_config: "
            "{cert_file: a.pem, key_file: a.pem, curve_preferences: [X25519, CurveP256]}",
            "only one curve can be chosen",
        ),
        (
            "tls_server_config: {cert_file: a.pem, key_file: a.pem, client_ca_file: a.pem}",
            "client_ca_file has no effect without client_auth_type",
        ),
        (
            "tls_server_config: {cert_file: a.pem, key_file: a.pem, cipher_suites: [RC4]}",
            "unknown cipher: RC4",
        ),
    ],
)
def test_a_wrong_web_configuration_starts_nothing(tmp_path: Path, text: str, message: str) -> None:
    web_file = tmp_path / "web.yml"
    web_file.write_text(text)
    trustme.CA().issue_cert("a").private_key_and_cert_chain_pem.write_to_path(tmp_path / "a.pem")
    file = write_config(tmp_path, http_module())
    done = ended("--config.file", file, "--web.config.file", str(web_file))
    assert done.returncode == 78
    assert message in done.stderr


@pytest.mark.parametrize(
    "words", [("--allow", "a b"), ("--max-probes", "0"), ("--web.listen-address", "here")]
)
def test_wrong_options_are_errors_of_usage(words: tuple[str, str]) -> None:
    assert ended(*words).returncode == 64


@pytest.mark.parametrize(
    ("suites", "version", "chosen"),
    [
        ("[TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]", ssl.TLSVersion.TLSv1_2,
            {"ECDHE-RSA-AES128-GCM-SHA256"}),
        ("[TLS_AES_128_GCM_SHA256]", ssl.TLSVersion.TLSv1_3, None),
    ],
)  # fmt: skip
def test_only_the_suites_of_the_file_are_allowed(
    tmp_path: Path, suites: str, version: ssl.TLSVersion, chosen: set[str] | None
) -> None:
    trustme.CA().issue_cert("a").private_key_and_cert_chain_pem.write_to_path(tmp_path / "a.pem")
    file = tmp_path / "web.yml"
    tls = f"{{cert_file: a.pem, key_file: a.pem, cipher_suites: {suites}}}"
    file.write_text(f"tls_server_config: {tls}")
    context = server_context(str(file), load_web_config(str(file)))
    assert context is not None
    assert context.minimum_version == version
    names = {cipher["name"] for cipher in context.get_ciphers() if cipher["protocol"] != "TLSv1.3"}
    assert chosen in (None, names)
