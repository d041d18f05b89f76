from diagnose.model import Applicability
from diagnose.model.files import NginxStart
from diagnose.parsers.nginx import config as nginx_parser
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, STOPPED, SYSTEMD, config, nginx_says

CHECK = "nginx.file-hidden"
PEM = "/home/admin/shop.pem"
TEXT = SITE.replace("ssl_certificate shop.pem", f"ssl_certificate {PEM}")


def start(
    why: str = "No such file or directory", hidden: tuple[str, ...] = ("/home",)
) -> NginxStart:
    said = f'nginx: [emerg] cannot load certificate "{PEM}": BIO_new_file() failed ({why})'
    return NginxStart(
        messages=nginx_parser.messages(said), unit="nginx.service", state="failed", hidden=hidden
    )


def test_fires_where_the_unit_hides_a_file_that_the_shell_finds() -> None:
    for why in ("No such file or directory", "Permission denied"):
        (claim,) = judge(CHECK, STOPPED, config(TEXT), BUILD, SYSTEMD, nginx_says(), start(why))
        assert claim.facts["file"] == PEM
        assert claim.facts["folder"] == "/home"
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_the_file_is_missing_for_all() -> None:
    refused = nginx_says(f'cannot load certificate "{PEM}": BIO_new_file() failed (No such file)')
    assert not judge(CHECK, STOPPED, config(TEXT), BUILD, SYSTEMD, refused, start())


def test_silent_where_the_unit_hides_nothing_there_or_nginx_runs() -> None:
    observations = (config(TEXT), BUILD, SYSTEMD, nginx_says())
    assert not judge(CHECK, STOPPED, *observations, start(hidden=("/tmp",)))
    assert not judge(CHECK, RUNNING, *observations, start())
