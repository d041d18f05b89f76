import asyncio
import re
import shlex
from pathlib import Path

from diagnose.machine.local import LocalMachine
from diagnose.model import Observation
from diagnose.model.files import OtherCertificate
from diagnose.model.nginx import (
    CertificateFile,
    NginxBuild,
    NginxConfig,
    NginxProcess,
    NginxState,
)
from diagnose.model.unread_configs import OtherConfig
from diagnose.parsers import pem
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.probes import Probe
from diagnose.probes.inside import other_nginx as probes
from tests.lab import certificates
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

PATH = "/usr/local/nginx/conf/nginx.conf"
WELCOME = "http { server { listen 80; } }"
SHOP = "http { server { listen 443 ssl; server_name shop.example.com; } }"
OWN = "/usr/local/nginx/sbin/nginx"
BUILD = NginxBuild(binary=OWN, version="nginx/1.26.3", arguments=("--prefix=/usr/local/nginx",))
PACKAGED = (
    "program /sbin/nginx\n/usr/sbin/nginx\nnginx version: nginx/1.26.3\nconfigure arguments: "
    "--prefix=/usr/share/nginx --conf-path=/etc/nginx/nginx.conf\n\n"
)


def state(*options: str) -> NginxState:
    master = NginxProcess(pid=7, binary=OWN, arguments=options)
    return NginxState(installed=True, masters=(master,), programs=("/sbin/nginx", OWN))


def config(text: str) -> NginxConfig:
    return NginxConfig(path=PATH, main=nginx_parser.parse(text, PATH))


def work(probe: Probe, ctx: Looking, observation: Observation) -> None:
    async def done() -> None:
        await probe.work(ctx, observation)

    asyncio.run(done())


def others(
    machine: RecordedMachine, *observations: NginxState | NginxConfig
) -> tuple[OtherConfig, ...]:
    ctx = Looking(machine)
    ctx.observations.extend((*observations, BUILD))
    work(probes.other_nginx, ctx, observations[-1])
    return ctx.observed(OtherConfig)


def machine() -> RecordedMachine:
    asked = shlex.join(("sh", "-c", probes.BUILD_SCRIPT, "sh", "/sbin/nginx"))
    files = {
        "/etc/nginx/nginx.conf": "http { include conf.d/*.conf; }",
        "/etc/nginx/conf.d/shop.conf": SHOP.removeprefix("http {").removesuffix("}"),
        PATH: WELCOME,
    }
    return RecordedMachine({asked: PACKAGED}, files)


def test_the_configuration_of_the_other_program_is_read_where_the_name_is_missing() -> None:
    (seen,) = others(machine(), state(), config(WELCOME))
    assert (seen.binary, seen.path) == ("/usr/sbin/nginx", "/etc/nginx/nginx.conf")
    assert seen.on_path
    assert [file.path for file in seen.files][1:] == ["/etc/nginx/conf.d/shop.conf"]


def test_the_programs_own_file_is_read_where_it_was_started_with_another() -> None:
    found = others(machine(), state("-c", "/tmp/test.conf"), config(WELCOME))
    assert [one.path for one in found] == ["/etc/nginx/nginx.conf"]
    elsewhere = NginxConfig(path="/tmp/test.conf", main=nginx_parser.parse(WELCOME, PATH))
    found = others(machine(), state("-c", "/tmp/test.conf"), elsewhere)
    assert [one.path for one in found] == ["/etc/nginx/nginx.conf", PATH]


def test_nothing_is_asked_where_the_name_is_known_or_nothing_runs() -> None:
    quiet = machine()
    others(quiet, state(), config(SHOP))
    others(quiet, NginxState(installed=True, programs=("/sbin/nginx",)), config(WELCOME))
    assert not quiet.commands_run


def file(leaf: certificates.Issued, path: str = "/nowhere/shop.pem") -> CertificateFile:
    chain, publics = pem.certificates(leaf.chain)
    return CertificateFile(path=path, sha256=chain[0].sha256, chain=chain, publics=publics)


def certificates_in(tmp_path: Path, *observations: CertificateFile) -> tuple[OtherCertificate, ...]:
    """With the folders of this program below another one."""

    class Here(LocalMachine):
        async def run(self, *argv: str, timeout: float = 8.0):  # type: ignore[no-untyped-def]
            if argv[2] != probes.FIND_SCRIPT:
                return await super().run(*argv)
            elsewhere = re.sub(
                r"(?<![\w*])(?=/(?:etc|root|home|var|opt|usr|srv|www)/)", str(tmp_path), argv[2]
            )
            return await super().run(*argv[:2], elsewhere, *argv[3:])

    ctx = Looking(Here())
    ctx.observations.extend(observations)
    work(probes.renewed, ctx, observations[-1])
    return ctx.observed(OtherCertificate)


def write_certificate(tmp_path: Path, path: str, leaf: certificates.Issued, key: str = "") -> str:
    full = tmp_path / path
    full.parent.mkdir(parents=True, exist_ok=True)
    full.write_text(f"# by hand\n{leaf.chain}")
    if key:
        full.with_name(key).write_text(leaf.key_pem)
    return str(full)


def test_a_later_one_is_found_with_its_key(tmp_path: Path) -> None:
    good = certificates.good()
    live = "etc/letsencrypt/live/shop.example.com-0001"
    path = write_certificate(tmp_path, f"{live}/fullchain.pem", good, "privkey.pem")
    write_certificate(tmp_path, "etc/nginx/ssl/copy.pem", good)
    write_certificate(
        tmp_path, "etc/nginx/ssl/blog.pem", certificates.leaf("blog.example.com"), "blog.key"
    )
    write_certificate(
        tmp_path, "etc/nginx/ssl/older.pem", certificates.leaf(starts=-99, ends=-9), "older.key"
    )
    first, second = certificates_in(tmp_path, file(certificates.leaf(starts=-95, ends=-5)))
    assert (first.path, first.tool) == (path, "certbot")
    assert first.key == path.replace("fullchain", "privkey")
    assert first.leaf.sha256 == second.leaf.sha256
    assert (second.path, second.key) == (str(tmp_path / "etc/nginx/ssl/copy.pem"), "")


def test_the_folder_of_the_one_in_use_is_looked_into_wherever_it_is(tmp_path: Path) -> None:
    old = certificates.leaf(starts=-95, ends=-5)
    used = write_certificate(tmp_path, "data/a folder [1]/shop.pem", old)
    new = write_certificate(
        tmp_path, "data/a folder [1]/shop-2026.crt", certificates.good(), "shop-2026.key"
    )
    (other,) = certificates_in(tmp_path, file(old, used))
    assert (other.path, other.key) == (new, new.replace(".crt", ".key"))
    named = "etc/nginx/ssl/shop.pem"
    renewed = write_certificate(tmp_path, "etc/nginx/ssl/shop-2026.crt", certificates.good())
    twice = certificates_in(tmp_path, file(old, write_certificate(tmp_path, named, old)))
    assert [each.path for each in twice].count(renewed) == 1


def test_nothing_is_looked_for_while_the_one_in_use_is_good(tmp_path: Path) -> None:
    write_certificate(
        tmp_path, "etc/nginx/ssl/new.pem", certificates.leaf(starts=-1, ends=89), "new.key"
    )
    assert not certificates_in(tmp_path, file(certificates.leaf(starts=-50, ends=40)))


def test_the_renewed_one_is_looked_for_as_soon_as_renewal_is_usual(tmp_path: Path) -> None:
    path = write_certificate(
        tmp_path,
        "root/.acme.sh/shop.example.com_ecc/fullchain.cer",
        certificates.good(),
        "shop.example.com.key",
    )
    (other,) = certificates_in(tmp_path, file(certificates.leaf(starts=-62, ends=28)))
    assert (other.path, other.tool) == (path, "acme.sh")


def test_it_is_looked_for_once(tmp_path: Path) -> None:
    write_certificate(tmp_path, "etc/nginx/ssl/new.pem", certificates.good(), "new.key")
    ending = file(certificates.leaf(starts=-95, ends=-5))
    assert not certificates_in(tmp_path, ending, file(certificates.leaf(starts=-95, ends=-5)))
