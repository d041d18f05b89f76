import asyncio
import re
import shlex
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from diagnose.machine.local import LocalMachine
from diagnose.model import Symptom, Unseen
from diagnose.model.nginx import CertificateFile, NginxConfig
from diagnose.model.renewal import ChallengeFolder, RenewalFailure
from diagnose.parsers.nginx.config import parse
from diagnose.probes.inside import renewals as probes
from tests.parsers.linux.test_renewal_logs import CERTBOT
from tests.probes.inside.test_nginx_files import run
from tests.support.certificates import leaf
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

SHOP = "shop.example.com"
COMMAND = shlex.join(("sh", "-c", probes.SCRIPT))


def lines(text: str) -> str:
    return "".join(f" {line}\n" for line in text.splitlines())


UNIT = "@@@ unit 1795627379 certbot.service\n" + lines("Starting certbot.service - Certbot...\nx\n")
LOG = "@@@ certbot 1795627000 /var/log/letsencrypt/letsencrypt.log\n" + lines(CERTBOT)


def file(days: int) -> CertificateFile:
    """One of 90 days, with so many left."""
    end = datetime.now(UTC) + timedelta(days=days)
    chain = (leaf(not_before=end - timedelta(days=90), not_after=end),)
    return CertificateFile(path="/etc/letsencrypt/live/shop/fullchain.pem", chain=chain)


def test_the_log_says_why_and_the_unit_that_it_failed() -> None:
    looking = run(probes.renewal, RecordedMachine({COMMAND: UNIT + LOG}), file(5))
    (seen,) = looking.observed(RenewalFailure)
    assert (seen.tool, seen.unit, seen.names) == (
        "certbot",
        "certbot.service",
        ("shop.example.com",),
    )
    assert seen.source == "/var/log/letsencrypt/letsencrypt.log"
    assert seen.when == 1795627000.0


def test_without_a_log_the_journal_of_the_unit_does() -> None:
    (seen,) = run(probes.renewal, RecordedMachine({COMMAND: UNIT}), file(5)).observed(
        RenewalFailure
    )
    assert seen.source == "journalctl -u certbot.service"
    assert seen.message == "x"
    assert seen.names == ()


def test_a_log_that_may_not_be_read_is_unseen() -> None:
    denied = "@@@ denied 0 /var/log/letsencrypt\n"
    looking = run(probes.renewal, RecordedMachine({COMMAND: denied}), file(5))
    assert [unseen.what for unseen in looking.observed(Unseen)] == ["/var/log/letsencrypt"]
    assert not looking.observed(RenewalFailure)


def test_of_a_certificate_that_is_good_nothing_is_asked() -> None:
    machine = RecordedMachine({})
    run(probes.renewal, machine, file(80))
    assert not machine.commands_run


def test_after_the_message_of_an_acme_client_all_is_asked() -> None:
    machine = RecordedMachine({COMMAND: UNIT + LOG})
    ctx = Looking(machine)
    ctx.target = replace(ctx.target, symptom=Symptom("acme-response", "Invalid response"))
    certificate = file(80)
    ctx.observations.append(certificate)
    asyncio.run(probes.renewal.work(ctx, certificate))  # type: ignore[arg-type]
    assert ctx.observed(RenewalFailure)


def test_the_folders_are_read_at_the_address_of_a_challenge() -> None:
    """The first certificate of a name is not there yet."""
    text = f"@@@ webroot 0 /root/.acme.sh/{SHOP}/{SHOP}.conf\n"
    text += f" Le_Domain='{SHOP}'\n Le_Alt='no'\n Le_Webroot='/var/www/shop'\n"
    for path, folders in (("/.well-known/acme-challenge/x", ["/var/www/shop"]), ("/", [])):
        ctx = Looking(RecordedMachine({COMMAND: text}))
        ctx.target = replace(ctx.target, path=path)
        config = NginxConfig(path="/etc/nginx/nginx.conf", main=())
        ctx.observations.append(config)
        asyncio.run(probes.challenge_settings.work(ctx, config))  # type: ignore[arg-type]
        assert [seen.folder for seen in ctx.observed(ChallengeFolder)] == folders


def test_this_machine_answers() -> None:
    ran = asyncio.run(LocalMachine().run("sh", "-c", probes.SCRIPT))
    assert ran.status == 0
    assert ran.err == ""


def test_the_folders_of_certbot_and_acme_sh() -> None:
    text = (
        "@@@ webroot 0 /etc/letsencrypt/renewal/a.conf\n [[webroot_map]]\n"
        " shop.example.com = /var/www/acme\n www.example.com = /srv/www/\n"
        "@@@ webroot 0 /root/.acme.sh/b.example_ecc/b.example.conf\n"
        " Le_Domain='b.example'\n Le_Alt='www.b.example'\n Le_Webroot='/srv/b'\n"
    )
    folders = [(item.tool, item.name, item.folder) for item in probes.parse_folders(text)]
    assert folders == [
        ("certbot", "shop.example.com", "/var/www/acme"),
        ("certbot", "www.example.com", "/srv/www"),
        ("acme.sh", "b.example", "/srv/b"),
        ("acme.sh", "www.b.example", "/srv/b"),
    ]


def test_a_link_and_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    """The tools remove the folder of challenges when they are done."""
    (tmp_path / "acme").mkdir()
    (tmp_path / "link").symlink_to("acme")
    (tmp_path / "other").mkdir()
    challenges = [
        f"{tmp_path}/{name}/.well-known/acme-challenge" for name in ("acme", "link", "other")
    ]
    run = LocalMachine().run("sh", "-c", probes.IDENTITY_SCRIPT, "sh", *challenges, "/none/at/all")
    acme, link, other, missing = asyncio.run(run).out.splitlines()
    assert acme == link
    assert acme.endswith(" /.well-known/acme-challenge")
    assert acme != other
    assert missing.endswith(" /none/at/all")


def test_folders_of_root_and_of_alias() -> None:
    main = parse("http { root /a/; server { location /x { alias /b/; } root $c; } }", "n.conf")
    assert list(probes.answering_folders(main)) == ["/a/.well-known/acme-challenge", "/b"]


def test_the_authority_of_each_certificate() -> None:
    text = (
        "@@@ authority 0 /etc/letsencrypt/renewal/shop.example.com.conf\n"
        " authenticator = dns-cloudflare\n"
        " server = https://acme-v02.api.letsencrypt.org/directory\n"
        "@@@ authority 0 /root/.acme.sh/b.example_ecc/b.example.conf\n"
        " Le_API='https://acme.zerossl.com/v2/DV90'\n"
        "@@@ authority 0 /etc/letsencrypt/renewal/other.conf\n"
    )
    authorities = [
        (item.tool, item.name, item.host, item.over_dns) for item in probes.parse_authorities(text)
    ]
    assert authorities == [
        ("certbot", "shop.example.com", "acme-v02.api.letsencrypt.org", True),
        ("acme.sh", "b.example", "acme.zerossl.com", False),
    ]


def test_tools_with_a_server_of_their_own() -> None:
    text = (
        "@@@ method 0 /etc/letsencrypt/renewal/shop.example.com.conf\n"
        " authenticator = standalone\n http01_port = 8888\n plugin = nginx\n plugin = nginx\n"
        " folder = /var/www/html\n"
        "@@@ method 0 /etc/letsencrypt/renewal/b.example.conf\n"
        " authenticator = standalone\n stops = /etc/cron.d/certbot\n"
        f"@@@ method 0 /root/.acme.sh/{SHOP}_ecc/{SHOP}.conf\n"
        " Le_Webroot='no'\n Le_PreHook=''\n"
        f"@@@ method 0 /root/.acme.sh/c.example/c.example.conf\n"
        " Le_Webroot='no'\n Le_PreHook='__ACME_BASE64__START_eA==__ACME_BASE64__END_'\n"
    )
    seen = list(probes.parse_own_servers(text))
    assert [(item.name, item.port) for item in seen] == [
        (SHOP, 8888), ("b.example", 80), (SHOP, 80), ("c.example", 80),
    ]  # fmt: skip
    assert [bool(item.stopped_by) for item in seen] == [False, True, False, True]
    assert (seen[0].plugins, seen[0].folder) == (("nginx",), "/var/www/html")


def test_what_stops_the_web_server_is_found(tmp_path: Path) -> None:
    """The script itself, with its folders moved below another."""
    settings, cron = tmp_path / "etc/letsencrypt/renewal", tmp_path / "etc/cron.d"
    settings.mkdir(parents=True)
    cron.mkdir()
    (settings / "shop.conf").write_text("[renewalparams]\nauthenticator = standalone\n")
    script = re.sub(
        r"(?<=[ \n=(])/(?=etc|root|var|lib|usr|opt|home|snap)", f"{tmp_path}/", probes.SCRIPT
    )
    for line, stops in (("certbot -q renew", False), ("systemctl stop nginx; certbot renew", True)):
        (cron / "certbot").write_text(f"0 3 * * * root {line}\n")
        ran = asyncio.run(LocalMachine().run("sh", "-c", script))
        (seen,) = probes.parse_own_servers(ran.out)
        assert bool(seen.stopped_by) is stops


ALIAS = """\
@@@ alias 0 /etc/dehydrated/config
 BASEDIR=/var/lib/dehydrated
 WELLKNOWN="${BASEDIR}/challenges/"
 names shop.example.com www.example.com > shop
 names # old.example.com
 names
 names blog.example.com
"""


def test_the_folder_of_dehydrated_and_its_names() -> None:
    (alias,) = probes.parse_aliases(ALIAS)
    assert alias.folder == "/var/lib/dehydrated/challenges"
    assert alias.names == ("shop.example.com", "www.example.com", "blog.example.com")
    (alias,) = probes.parse_aliases(ALIAS.replace(" WELLKNOWN", " # WELLKNOWN"))
    assert alias.folder == "/var/www/dehydrated"
    assert not list(probes.parse_aliases(f"{ALIAS} CHALLENGETYPE=dns-01\n"))
    assert not list(probes.parse_aliases(ALIAS.replace("${BASEDIR}", "${OTHER}")))


def test_a_pasted_run_counts_where_no_log_has_one() -> None:
    text = (
        f"Attempting to renew cert ({SHOP}) from /etc/letsencrypt/renewal/{SHOP}.conf produced an "
        "unexpected error: Missing command line flag or config entry for this setting:\n"
        f"Input the webroot for {SHOP}:. Skipping."
    )
    for output, source in (("", "/var/log/letsencrypt/letsencrypt.log"), (UNIT + LOG, "")):
        ctx = Looking(RecordedMachine({COMMAND: output}))
        ctx.target = replace(ctx.target, symptom=Symptom("acme", text))
        certificate = file(5)
        ctx.observations.append(certificate)
        asyncio.run(probes.renewal.work(ctx, certificate))  # type: ignore[arg-type]
        (failure,) = ctx.observed(RenewalFailure)
        assert ("Input the webroot" in failure.message) is bool(source)
        assert not source or (failure.names, failure.source) == ((SHOP,), source)
