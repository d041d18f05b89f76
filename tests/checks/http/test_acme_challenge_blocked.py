from dataclasses import replace
from datetime import timedelta

import pytest

from checks.http._challenge_rules import exempt_line
from diagnose.model import Applicability, Confidence, Observation, Severity, Subject
from diagnose.model.http import Exchange
from diagnose.model.renewal import (
    ANY_CHALLENGE,
    WRITTEN_CHALLENGE,
    ChallengeFolder,
    RenewalAuthority,
    RenewalFailure,
)
from diagnose.model.server import Listener, Listeners
from diagnose.model.server_rules import AnsweringRule
from diagnose.model.symptom import Symptom
from diagnose.model.tls import Certificate, Handshake
from diagnose.model.web_servers import ServerFile, SiteSocket, WebServerConfig, WebSite
from tests.support.check_evidence import NOW, SHOP, judge
from tests.support.redirect_evidence import AROUND, PLAIN, SITE, applied, config
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config


def challenge(status: int, location: str = "") -> Exchange:
    return Exchange(
        url="http://shop.example.com/.well-known/acme-challenge/diagnose-1a2b",
        address="203.0.113.10",
        port=80,
        purpose="acme",
        status=status,
        headers=(("Location", location),) if location else (),
    )


def home(status: int = 200) -> Exchange:
    return Exchange(
        url="https://shop.example.com/", address="203.0.113.10", port=443, status=status
    )


def handshake(days: int) -> Handshake:
    leaf = Certificate(
        subject="CN=shop.example.com",
        issuer="CN=Authority",
        serial="1",
        not_before=NOW - timedelta(days=1),
        not_after=NOW + timedelta(days=days - 1),
        sha256="00",
        dns_names=("shop.example.com",),
    )
    return Handshake(address="203.0.113.10", port=443, chain=(leaf,), verify_code=0)


@pytest.mark.parametrize(
    ("status", "location"),
    [
        (401, ""),
        (403, ""),
        (500, ""),
        (301, "https://203.0.113.99/"),
        (301, "https://a.example:8443/"),
    ],
)
def test_fires_where_no_challenge_could_be_answered(status: int, location: str) -> None:
    (claim,) = judge("http.acme-challenge-blocked", home(), challenge(status, location))
    assert claim.severity is None


def test_notes_it_where_the_certificate_is_renewed_by_hand() -> None:
    (claim,) = judge("http.acme-challenge-blocked", home(), challenge(403), handshake(180))
    assert claim.severity is Severity.NOTE
    (claim,) = judge("http.acme-challenge-blocked", home(), challenge(403), handshake(90))
    assert claim.severity is None


@pytest.mark.parametrize(
    ("status", "location"),
    [
        (404, ""),
        (200, ""),
        (301, "https://shop.example.com/.well-known/acme-challenge/diagnose-1a2b"),
        (302, "http://acme.example.net/"),
    ],
)
def test_silent_on_what_an_authority_takes(status: int, location: str) -> None:
    assert not judge("http.acme-challenge-blocked", home(), challenge(status, location))


def test_silent_where_this_client_is_refused_everywhere() -> None:
    assert not judge("http.acme-challenge-blocked", home(403), challenge(403))


HIDDEN = "    location ~ /\\. {\n        deny all;\n    }\n\n    location"
REFUSED = replace(challenge(403), body="<center>nginx/1.26.3</center>")


def test_an_expression_no_longer_comes_before_the_challenges() -> None:
    text = SITE + PLAIN.replace("    location", HIDDEN, 1)
    (claim,) = judge("http.acme-challenge-blocked", REFUSED, config(text), *AROUND)
    assert applied(claim) == (
        Applicability.AUTOMATIC,
        [
            "-location /.well-known/acme-challenge/ {",
            "+location ^~ /.well-known/acme-challenge/ {",
        ],
    )


def test_the_challenges_get_a_location_where_files_are_served() -> None:
    hidden = "location ~ /\\. { deny all; }"
    text = f"server {{ listen 80; server_name shop.example.com; root /srv; {hidden} }}"
    (claim,) = judge("http.acme-challenge-blocked", REFUSED, config(SITE + text), *AROUND)
    applicability, lines = applied(claim)
    assert applicability is Applicability.AUTOMATIC
    assert any("location ^~ /.well-known/acme-challenge/ {" in line for line in lines)


def test_by_hand_where_another_program_refuses() -> None:
    text = SITE + PLAIN.replace("    location", HIDDEN, 1)
    (claim,) = judge("http.acme-challenge-blocked", challenge(403), config(text), *AROUND)
    assert applied(claim) == (Applicability.MANUAL, [])


def test_names_https_where_that_refuses_after_the_redirect() -> None:
    path = ".well-known/acme-challenge/diagnose-1a2b"
    url = f"https://shop.example.com/{path}"
    refused = replace(challenge(403), url=url, port=443, redirected_from=challenge(301).url)
    (claim,) = judge("http.acme-challenge-blocked", challenge(301, url), refused, home())
    assert claim.facts["secure"]
    assert not judge(
        "http.acme-challenge-blocked", challenge(301, url), replace(refused, status=404)
    )


TOOL = PLAIN.replace("root /srv/acme;", "proxy_pass http://127.0.0.1:88;")
NOBODY = Listeners(sockets=(Listener(address="0.0.0.0", port=80, family=4, process="nginx"),))


def test_silent_where_the_tool_listens_only_while_it_renews() -> None:
    """acme.sh with --standalone --httpport 88, issue 6358."""
    observations = (home(), challenge(502), *AROUND)
    assert not judge("http.acme-challenge-blocked", *observations, config(SITE + TOOL), NOBODY)


def test_fires_where_the_gateways_error_is_of_another_location_or_program() -> None:
    observations = (home(), challenge(502), *AROUND)
    listening = Listeners(
        sockets=(Listener(address="127.0.0.1", port=88, family=4, process="acme"),)
    )
    elsewhere = TOOL.replace("127.0.0.1:88", "10.0.0.5:88")
    shared = PLAIN.replace("return 301 https://$host$request_uri", "proxy_pass http://127.0.0.1:88")
    shared = shared.replace("location /.well-known/acme-challenge/", "location /old/")
    for text, listeners in ((TOOL, listening), (elsewhere, NOBODY), (shared, NOBODY)):
        seen = (*observations, config(SITE + text), listeners)
        (claim,) = judge("http.acme-challenge-blocked", *seen)
        assert claim.severity is None


def test_notes_a_gateways_error_of_which_the_configuration_is_not_known() -> None:
    (claim,) = judge("http.acme-challenge-blocked", home(), challenge(502))
    assert claim.severity is Severity.NOTE


FOLDER = ChallengeFolder(
    tool="certbot",
    source="/etc/letsencrypt/renewal/shop.example.com.conf",
    name="shop.example.com",
    folder="/srv/shop",
)


def test_fires_for_certain_where_a_tool_renews_in_this_way() -> None:
    """Issue 17 of spinupwp/wordpress-nginx. A late certificate is a consequence then."""
    (claim,) = judge("http.acme-challenge-blocked", home(), challenge(403), FOLDER)
    assert claim.confidence is Confidence.CERTAIN
    assert Subject() in claim.covers
    other = replace(FOLDER, name="www.example.com")
    (claim,) = judge("http.acme-challenge-blocked", home(), challenge(403), other)
    assert claim.confidence is Confidence.LIKELY
    assert Subject() not in claim.covers


def test_fires_where_the_address_is_a_challenge_and_other_pages_are_open() -> None:
    address = replace(challenge(403), purpose="target", url=challenge(403).url[:-4])
    unknown = replace(home(404), url="http://shop.example.com/diagnose-1a2b", port=80)
    other = replace(unknown, purpose="path")
    assert judge("http.acme-challenge-blocked", address, challenge(403), other)
    refused = replace(other, status=403)
    assert not judge("http.acme-challenge-blocked", address, challenge(403), refused)


DOTS = r"RedirectMatch 404 /\."


def refusing(line: str, *questions: str) -> tuple[Observation, ...]:
    """Apache with a rule of an .htaccess that answers every challenge."""
    rule = AnsweringRule(
        ANY_CHALLENGE, 404, line, questions=questions,  # type: ignore[arg-type]
        file="/var/www/shop/.htaccess", line=2,
    )  # fmt: skip
    return APACHE, replace(apache_config(HTTPS), rules=(rule,))


def test_fires_where_a_rule_of_apache_answers_not_found() -> None:
    (claim,) = judge("http.acme-challenge-blocked", home(), challenge(404), *refusing(DOTS))
    assert claim.facts["rule"] == DOTS
    assert claim.facts["exempt"] == r"RedirectMatch 404 /\.(?!well-known/)"
    assert claim.confidence is Confidence.LIKELY
    assert Subject() in claim.covers


def test_silent_about_a_rule_that_the_site_of_port_80_does_not_read() -> None:
    server, with_rule = refusing(DOTS)
    plain = HTTPS.replace("*:443", "*:80").replace("    SSLEngine on\n", "")
    config = apache_config(f"{HTTPS}\n{plain}")
    assert isinstance(with_rule, WebServerConfig)
    for reads, fires in ((False, False), (True, True), (None, True)):
        sites = tuple(replace(each, reads_htaccess=reads) for each in config.sites)
        seen = (server, replace(config, sites=sites, rules=with_rule.rules))
        assert bool(judge("http.acme-challenge-blocked", home(), challenge(404), *seen)) is fires


def test_notes_a_rule_beside_a_renewal_by_records_of_dns() -> None:
    settings = RenewalAuthority(
        tool="certbot", source="/etc/letsencrypt/renewal/shop.example.com.conf",
        name="shop.example.com", host="acme-v02.api.letsencrypt.org", over_dns=True,
    )  # fmt: skip
    seen = (home(), challenge(404), *refusing(DOTS))
    (claim,) = judge("http.acme-challenge-blocked", *seen, settings)
    assert claim.severity is Severity.NOTE
    assert Subject() not in claim.covers
    (claim,) = judge("http.acme-challenge-blocked", *seen, replace(settings, over_dns=False))
    assert Subject() in claim.covers


def test_silent_where_the_rule_is_not_known_to_answer() -> None:
    observations = refusing(DOTS, "field")
    assert not judge("http.acme-challenge-blocked", home(), challenge(404), *observations)


@pytest.mark.parametrize(
    ("body", "fires"),
    [
        (r"location ~ /\. { return 404; }", True),
        (r"location ~ /\.(?!well-known) { return 404; } root /srv;", False),
        (r"location ^~ /.well-known/ { root /srv; } location ~ /\. { return 404; }", False),
        # certbot's plugin answers challenges by a location of its own.
        ("return 404;", False),
    ],
)
def test_a_location_of_nginx_that_returns_404(body: str, fires: bool) -> None:
    text = f"server {{ listen 80; server_name shop.example.com; {body} }}"
    claims = judge(
        "http.acme-challenge-blocked", home(), challenge(404), config(SITE + text), *AROUND
    )
    assert bool(claims) is fires
    assert all(str(claim.facts["rule"]).startswith("location ~") for claim in claims)


@pytest.mark.parametrize(
    ("line", "exempt"),
    [
        (r'RedirectMatch 404 "/\."', r'RedirectMatch 404 "/\.(?!well-known/)"'),
        (r"RedirectMatch 404 ^/\.", r"RedirectMatch 404 ^/\.(?!well-known/)"),
        (r"RedirectMatch 404 /\.(?!well-known)", ""),
        (r"RedirectMatch 404 (^|/)\.", ""),
        (r"RewriteRule (^|/)\. - [R=404]", ""),
    ],
)
def test_the_exception_is_written_into_a_line_that_is_understood(line: str, exempt: str) -> None:
    assert exempt_line(line) == exempt


def apache_with(rule: AnsweringRule, files: dict[str, str]) -> tuple[Observation, ...]:
    known = tuple(ServerFile(path, text) for path, text in files.items())
    return APACHE, replace(apache_config(HTTPS), rules=(rule,), files=known)


HTACCESS = "/var/www/shop/.htaccess"
HIDING = """RewriteEngine On
    RewriteCond %{SCRIPT_FILENAME} -d [OR]
    RewriteCond %{SCRIPT_FILENAME} -f
    RewriteRule "(^|/)\\." - [F]
"""
REFUSING = AnsweringRule(
    WRITTEN_CHALLENGE, 403, r"RewriteRule (^|/)\. - [F]", file=HTACCESS, line=4
)


def test_fires_where_a_rule_of_apache_refuses_files_that_are_there() -> None:
    seen = apache_with(REFUSING, {HTACCESS: HIDING})
    (claim,) = judge("http.acme-challenge-blocked", home(), challenge(404), FOLDER, *seen)
    assert claim.facts["kept"] == 403
    assert claim.confidence is Confidence.LIKELY
    _, lines = applied(claim)
    assert lines == [r"+RewriteRule ^\.well-known/acme-challenge/ - [L]"]


def test_fires_where_a_missing_file_gets_the_sites_own_page() -> None:
    """Certain once the authority was refused by the same status."""
    seen = apache_with(REFUSING, {HTACCESS: HIDING})
    (claim,) = judge("http.acme-challenge-blocked", home(), challenge(200), FOLDER, *seen)
    assert (claim.facts["kept"], claim.facts["replaced"]) == (403, True)
    assert claim.confidence is Confidence.LIKELY
    url = "https://shop.example.com/.well-known/acme-challenge/x"
    failed = RenewalFailure(
        tool="certbot", source="log", names=("shop.example.com",),
        message=f"203.0.113.10: Invalid response from {url}: 403", status=403,
    )  # fmt: skip
    (claim,) = judge("http.acme-challenge-blocked", home(), challenge(200), FOLDER, failed, *seen)
    assert claim.confidence is Confidence.CERTAIN
    _, lines = applied(claim)
    assert lines == [r"+RewriteRule ^\.well-known/acme-challenge/ - [L]"]


def test_silent_where_a_missing_file_gets_a_page_and_one_that_is_there_is_sent() -> None:
    seen = apache_with(replace(REFUSING, questions=("other",)), {HTACCESS: HIDING})
    assert not judge("http.acme-challenge-blocked", home(), challenge(200), FOLDER, *seen)


def test_leaves_a_rule_alone_that_others_count() -> None:
    text = HIDING.replace("On\n", "On\nRewriteRule ^a - [S=1]\n")
    seen = apache_with(replace(REFUSING, line=5), {HTACCESS: text})
    (claim,) = judge("http.acme-challenge-blocked", home(), challenge(404), *seen)
    assert applied(claim) == (Applicability.MANUAL, [])


def test_opens_challenges_alone_where_a_section_closes_folders() -> None:
    file = "/etc/apache2/sites-enabled/shop.conf"
    text = """<VirtualHost *:80>
    ServerName shop.example.com
</VirtualHost>
"""
    rule = AnsweringRule(
        ANY_CHALLENGE, 403, "Require all denied", r"<DirectoryMatch /\.>", file=file, line=2
    )
    socket = SiteSocket(80)
    site = WebSite(names=("shop.example.com",), sockets=(socket,), file=file, line=1, end=3)
    server, config = apache_with(rule, {file: text})
    assert isinstance(config, WebServerConfig)
    config = replace(config, sites=(site,))
    (claim,) = judge("http.acme-challenge-blocked", home(), challenge(403), server, config)
    _, lines = applied(claim)
    assert lines == [
        "+<Location /.well-known/acme-challenge/>", "+Require all granted", "+</Location>"
    ]  # fmt: skip


def test_fires_where_every_path_wants_a_password_and_a_tool_renews_over_http() -> None:
    refused = replace(home(), status=401)
    assert not judge("http.acme-challenge-blocked", refused, challenge(401))
    (claim,) = judge("http.acme-challenge-blocked", refused, challenge(401), FOLDER)
    assert claim.confidence is Confidence.CERTAIN
    assert not judge("http.acme-challenge-blocked", replace(home(), status=403), challenge(403))


def test_fires_where_every_path_wants_a_password_and_an_authority_got_401() -> None:
    refused, told = replace(home(), status=401), Symptom("acme-response", "Invalid response")
    observations = refused, challenge(401), handshake(180)
    target = replace(SHOP, symptom=told)
    (claim,) = judge("http.acme-challenge-blocked", *observations, target=target)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, None)
    other = replace(SHOP, symptom=Symptom("status", "401 Unauthorized", 401))
    assert not judge("http.acme-challenge-blocked", *observations, target=other)
