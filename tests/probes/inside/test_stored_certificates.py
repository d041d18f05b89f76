import asyncio

from hypothesis import given
from hypothesis import strategies as st

from diagnose.machine import CommandResult
from diagnose.model import Failure
from diagnose.model.files import StoredCertificate
from diagnose.model.nginx import CertificateFile, KeyFile
from diagnose.probes.inside.stored_certificates import emit_stored_certificates, parse_stored
from tests.lab import certificates
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine


def printed(path: str, certificate: str) -> str:
    return f"file {path}\n{certificate}"


def public(issued: certificates.Issued) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = issued.key.public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_each_certificate_with_its_nearest_key() -> None:
    good, other = certificates.good(), certificates.leaf()
    text = (
        printed("/etc/ssl/shop.crt", good.chain)
        + printed("/etc/ssl/other.crt", other.pem)
        + printed("/etc/ssl/private/shop.key", f"key /etc/ssl/private/shop.key\n{public(good)}")
        + printed("/etc/ssl/z.key", f"key /etc/ssl/z.key\n{public(good)}")
    )
    shop, lone = parse_stored(text)
    assert (shop.path, shop.key, len(shop.chain)) == ("/etc/ssl/shop.crt", "/etc/ssl/z.key", 2)
    assert (lone.path, lone.key) == ("/etc/ssl/other.crt", "")
    assert lone.text == other.pem


def test_the_text_of_a_file_with_a_key_is_not_kept() -> None:
    good = certificates.good()
    (bundle,) = parse_stored(f"file /a.pem\n{good.chain}key /a.pem\n{public(good)}")
    assert (bundle.key, bundle.text) == ("/a.pem", "")


@given(st.text())
def test_every_text_is_read(text: str) -> None:
    assert list(parse_stored(f"file {text}")) == []


def looked(
    *files: CertificateFile | KeyFile, unnamed_in: str = ""
) -> tuple[Looking, list[tuple[str, ...]]]:
    commands: list[tuple[str, ...]] = []

    class Machine(RecordedMachine):
        async def run(self, *argv: str, **_: object) -> CommandResult:
            commands.append(argv)
            text = printed("/etc/ssl/shop.crt", certificates.good().chain)
            return CommandResult(argv, 0, text, "", 0.0)

    context = Looking(Machine({}, {}))
    for file in files:
        context.emit(file)
    asyncio.run(emit_stored_certificates(context, unnamed_in))
    asyncio.run(emit_stored_certificates(context, unnamed_in))
    return context, commands


def test_the_folders_of_the_files_are_looked_through_once() -> None:
    context, commands = looked(CertificateFile(path="/etc/ssl/a.crt"), KeyFile(path="/k/a.key"))
    assert [argv[4:] for argv in commands] == [("/etc/ssl", "/k")]
    assert [stored.path for stored in context.observed(StoredCertificate)] == ["/etc/ssl/shop.crt"]


def test_the_folder_of_a_configuration_that_names_none_counts_with_those_in_it() -> None:
    _, (command,) = looked(unnamed_in="/etc/nginx")
    assert command[4:6] == ("--below", "/etc/nginx")


def test_neighbouring_and_usual_folders_are_looked_through_for_a_missing_file() -> None:
    path = "/etc/letsencrypt/live/shop/fullchain.pem"
    missing = CertificateFile(path=path, failure=Failure("missing", "No such file"))
    _, (command,) = looked(missing)
    assert command[4:6] == ("/etc/letsencrypt/live/shop", "--below")
    assert "/etc/letsencrypt/live" in command[6:]
