import asyncio
import shlex

from diagnose.machine import CommandResult
from diagnose.model import Failure, Unseen
from diagnose.model.nginx import CertificateFile, ConfigFile, KeyFile, NginxConfig, NginxTest
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.probes.inside.nginx_certificates import (
    fingerprint,
    observe_certificates,
    observe_rejected_pairs,
)
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

FILE = "/etc/nginx/nginx.conf"
PEM = "-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n"
SHA256_OF_000102 = "ae4b3280e56e2faf83f414a6e3dabe9d5fbe18976544c05fed121accb85b53fc"
SITE = "server {{ listen 443 ssl; server_name {name}; ssl_certificate {name}.pem; }}\n"


def config(text: str) -> NginxConfig:
    whole = f"http {{\n{text}}}\n"
    main = nginx_parser.parse(whole, FILE)
    return NginxConfig(path=FILE, main=main, files=(ConfigFile(FILE, whole, 0.0),))


def observed(
    text: str,
    files: dict[str, str | Failure],
    commands: dict[str, str | CommandResult] | None = None,
    test: NginxTest | None = None,
) -> Looking:
    context = Looking(RecordedMachine(commands or {}, files))
    seen = context.emit(config(text))
    if test:
        context.emit(test)
        asyncio.run(observe_rejected_pairs(context))
    else:
        asyncio.run(observe_certificates(context, seen))
    return context


def test_the_certificates_of_the_targets_blocks_are_read_also_of_a_shadowed_one() -> None:
    text = SITE.format(name="shop.example.com") + SITE.format(name="blog.example.com")
    text += "server { listen 443 ssl; server_name shop.example.com; ssl_certificate old.pem; }\n"
    files: dict[str, str | Failure] = {
        f"/etc/nginx/{name}.pem": PEM for name in ("shop.example.com", "blog.example.com", "old")
    }
    files_read = observed(text, files).observed(CertificateFile)
    assert sorted((file.path, file.sha256) for file in files_read) == [
        ("/etc/nginx/old.pem", SHA256_OF_000102),
        ("/etc/nginx/shop.example.com.pem", SHA256_OF_000102),
    ]


def test_a_certificate_that_may_not_be_read_is_unseen_with_the_command_that_shows_it() -> None:
    path = "/etc/nginx/shop.example.com.pem"
    denied = Failure("denied", "Permission denied", 13)
    context = observed(SITE.format(name="shop.example.com"), {path: denied})
    (unseen,) = context.observed(Unseen)
    assert (unseen.what, unseen.why) == (path, "needs root")
    assert unseen.enable == f"sudo openssl x509 -noout -in {path}"
    assert not context.observed(CertificateFile)


def test_a_key_without_a_public_half_is_a_failure_in_openssls_words() -> None:
    text = SITE.format(name="shop.example.com").replace("}", "ssl_certificate_key a.key; }")
    argv = ("openssl", "pkey", "-in", "/etc/nginx/a.key", "-pubout", "-passin", "pass:")
    commands: dict[str, str | CommandResult] = {
        shlex.join(argv): CommandResult(argv, 1, "", "Could not read key", 0.0)
    }
    (key,) = observed(text, {}, commands).observed(KeyFile)
    assert key.failure
    assert (key.failure.message, key.failure.code) == ("Could not read key", 1)


def test_the_file_that_nginx_rejects_is_read_whatever_its_block() -> None:
    text = SITE.format(name="blog.example.com")
    path = "/etc/nginx/blog.example.com.pem"
    message = f'nginx: [emerg] cannot load certificate "{path}": PEM_read_bio_X509_AUX() failed'
    test = NginxTest(binary="nginx", passed=False, messages=nginx_parser.messages(message))
    (file,) = observed(text, {path: PEM}, test=test).observed(CertificateFile)
    assert file.path == path


def test_a_file_without_a_certificate_has_no_fingerprint() -> None:
    assert fingerprint("") == ""
    assert fingerprint("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----") == ""
