"""Whose certificates this machine accepts."""

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
import trustme

from diagnose.net.local import LocalNet
from diagnose.net.tls import secure
from diagnose.net.trusted_roots import system_trust, trust
from tests.support.servers import tls_server

NAME = "shop.example.com"
ROOT = trustme.CA()


def verify_code(context: ssl.SSLContext) -> int | None:
    """The verdict on a server whose certificate comes from an intermediate of ROOT."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ROOT.create_child_ca().issue_cert(NAME).configure_cert(server)

    async def shake(port: int) -> int | None:
        connected = await LocalNet().connect("127.0.0.1", port)
        assert connected.stream
        done = await secure(connected.stream, context, NAME)
        connected.stream.close()
        return done.verify_code

    with tls_server(server) as port:
        return asyncio.run(shake(port))


def test_the_roots_named_by_the_environment_and_by_hand_are_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = tmp_path / "mine.pem", tmp_path / "other.pem"
    ROOT.cert_pem.write_to_path(str(mine))
    trustme.CA().cert_pem.write_to_path(str(other))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(mine))
    named = trust().result(60)
    monkeypatch.setenv("SSL_CERT_FILE", str(other))
    given, neither = trust(str(mine)).result(60), trust().result(60)
    codes = [verify_code(one.context) for one in (named, given, neither)]
    assert codes == [0, 0, 20]


def test_a_file_of_roots_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    assert "No such file" in trust(str(tmp_path / "none.pem")).result(60).problem


def test_the_roots_are_loaded_once_for_many_targets() -> None:
    # To its end: the environment of the test that follows is not this one's.
    assert trust().result(60) is trust().result(60)


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "roots.pem"
    trustme.CA().cert_pem.write_to_path(str(file))
    before = trust(str(file)).result(60)
    ROOT.cert_pem.write_to_path(str(file), append=True)
    after = trust(str(file)).result(60)
    assert (verify_code(before.context), verify_code(after.context)) == (20, 0)
    assert trust(str(file)).result(60) is after


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl names the files of a folder")
def test_a_folder_that_holds_what_the_file_holds_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Debian has both. What only one of them holds is trusted too."""
    file, folder = tmp_path / "roots.pem", tmp_path / "certs"
    folder.mkdir()
    ROOT.cert_pem.write_to_path(str(folder / "root.pem"))
    subprocess.run(["openssl", "rehash", str(folder)], check=True)
    usual = ssl.get_default_verify_paths()._replace(cafile=str(file), capath=str(folder))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: usual)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    ROOT.cert_pem.write_to_path(str(file))
    same = system_trust()
    assert same.context.cert_store_stats()["x509"] == 0
    assert (verify_code(same.context), same.empty) == (0, False)
    trustme.CA().cert_pem.write_to_path(str(file), append=True)
    assert system_trust().context.cert_store_stats()["x509"] > 0
