"""server.certificate-unreadable: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Command, Confidence, Vantage
from diagnose.model.files import PathComponent, StartFileAccess
from diagnose.model.web_servers import SiteFile, SiteSocket, WebServer, WebServerConfig, WebSite
from tests.support.check_evidence import judge

CHECK = "server.certificate-unreadable"
LIVE = "/etc/letsencrypt/live/shop.example.com"
KEY = f"{LIVE}/privkey.pem"
SOCKET = SiteSocket(port=443, tls=True)
SERVER = WebServer(
    vantage=Vantage.SERVER, product="caddy", config="/etc/caddy/Caddyfile", ports=(),
    start=("systemctl", "start", "caddy"), unit="caddy", state="failed",
)  # fmt: skip
CONFIG = WebServerConfig(
    vantage=Vantage.SERVER, product="caddy", path="/etc/caddy/Caddyfile",
    listens=(SOCKET,),
    sites=(
        WebSite(
            names=("shop.example.com",), sockets=(SOCKET,),
            files=(SiteFile("key", KEY, "/etc/caddy/Caddyfile", 6),),
        ),
    ),
)  # fmt: skip


def part(path: str, mode: int, gid: int = 0, *, folder: bool = True) -> PathComponent:
    return PathComponent(
        path=path, uid=0, user="root", gid=gid, group="root", mode=mode, folder=folder
    )


ACCESS = StartFileAccess(
    vantage=Vantage.SERVER, path=KEY, unit="caddy", uid=998, user="caddy", group="caddy",
    gids=(998,), parts=(part("/etc/letsencrypt/live", 0o700), part(KEY, 0o600, folder=False)),
)  # fmt: skip


def test_fires_and_opens_each_part_to_the_group() -> None:
    (claim,) = judge(CHECK, SERVER, CONFIG, ACCESS)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    commands = [" ".join(step.argv) for step in claim.fix.steps if isinstance(step, Command)]
    assert commands == [
        "chgrp caddy /etc/letsencrypt/live",
        "chmod g+x /etc/letsencrypt/live",
        f"chgrp caddy {KEY}",
        f"chmod g+r {KEY}",
        "systemctl start caddy",
    ]


def test_fires_and_starts_it_as_that_user() -> None:
    """systemd does not run."""
    server = replace(SERVER, start=("sh", "-c", "caddy start"), unit="")
    (claim,) = judge(CHECK, server, CONFIG, ACCESS)
    assert claim.fix
    last = claim.fix.steps[-1]
    assert isinstance(last, Command)
    assert claim.confidence is Confidence.LIKELY
    assert last.argv[:4] == ("setpriv", "--reuid=caddy", "--regid=998", "--groups=998")


def test_fires_and_opens_no_home() -> None:
    home = replace(ACCESS, parts=(part("/root", 0o700),))
    (claim,) = judge(CHECK, SERVER, CONFIG, home)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_the_user_may_read_or_the_server_runs() -> None:
    open_parts = (part("/etc/letsencrypt/live", 0o750, 998), part(KEY, 0o644, folder=False))
    assert not judge(CHECK, SERVER, CONFIG, replace(ACCESS, parts=open_parts))
    assert not judge(CHECK, replace(SERVER, pid=7), CONFIG, ACCESS)
    assert not judge(CHECK, SERVER, CONFIG, replace(ACCESS, path="/etc/other.key"))
    assert not judge(CHECK, SERVER, CONFIG, replace(ACCESS, uid=None))


def test_silent_where_another_way_may_start_it() -> None:
    """systemd does not run, and the file is nobody's that closes it by itself."""
    server = replace(SERVER, start=("sh", "-c", "caddy start"), unit="")
    own = "/etc/ssl/shop.key"
    (site,) = CONFIG.sites
    config = replace(CONFIG, sites=(replace(site, files=(SiteFile("key", own),)),))
    closed = replace(ACCESS, path=own, parts=(part(own, 0o600, folder=False),))
    assert not judge(CHECK, server, config, closed)
    assert judge(CHECK, SERVER, config, closed)


def test_the_access_of_another_group_stays() -> None:
    """Debian's /etc/ssl/private is of ssl-cert, whose members are other services."""
    folder = replace(part("/etc/ssl/private", 0o710, gid=104), group="ssl-cert")
    key = replace(part(KEY, 0o640, gid=104, folder=False), group="ssl-cert")
    (claim,) = judge(CHECK, SERVER, CONFIG, replace(ACCESS, parts=(folder, key)))
    assert claim.fix
    first = claim.fix.steps[0]
    assert isinstance(first, Command)
    assert first.argv == ("usermod", "-aG", "ssl-cert", "caddy")
    mixed = replace(ACCESS, parts=(folder, part(KEY, 0o600, folder=False)))
    (claim,) = judge(CHECK, SERVER, CONFIG, mixed)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
