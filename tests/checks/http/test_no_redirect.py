from dataclasses import replace
from datetime import timedelta

from diagnose.model import Applicability, Manual, Severity, Target, Vantage, Where
from diagnose.model.http import Exchange
from diagnose.model.renewal import ChallengeFolder
from diagnose.model.tls import Certificate, Handshake
from tests.support.check_evidence import NOW, judge
from tests.support.firewall_rules import listening
from tests.support.redirect_evidence import AROUND, PLAIN, SITE, applied, config

HOME = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=200)


def plain(
    status: int = 200, location: str = "", body: str = "", address: str = "203.0.113.10"
) -> Exchange:
    return Exchange(
        url="http://shop.example.com/",
        address=address,
        port=80,
        purpose="plain",
        status=status,
        headers=(("Location", location),) if location else (),
        body=body,
    )


def test_fires_once_where_port_80_serves_the_page() -> None:
    (claim,) = judge("http.no-redirect", HOME, plain(), plain(address="203.0.113.11"))
    assert str(claim.about) == "203.0.113.10:80, 203.0.113.11:80"
    assert claim.severity is Severity.WARNING


def test_fires_where_http_redirects_to_http_only() -> None:
    further = Exchange(
        url="http://shop.example.com/en/",
        address="203.0.113.10",
        port=80,
        purpose="redirect",
        status=200,
        redirected_from="http://shop.example.com/",
    )
    (claim,) = judge("http.no-redirect", HOME, plain(302, "/en/"), further)
    assert further in claim.because


def test_fires_and_leaves_the_redirect_to_a_refusal_to_a_person() -> None:
    refusal = replace(HOME, status=403)
    (claim,) = judge("http.no-redirect", refusal, plain(), config(SITE + PAGES), *AROUND)
    assert claim.facts["refused"] == 403
    assert applied(claim)[0] is Applicability.REVIEW
    (claim,) = judge("http.no-redirect", HOME, plain(), config(SITE + PAGES), *AROUND)
    assert claim.facts["refused"] == 0
    assert applied(claim)[0] is Applicability.AUTOMATIC


def test_fires_and_gives_nginx_no_port_that_another_program_has() -> None:
    seen = (HOME, plain(), listening(443), config(SITE + PAGES), *AROUND)
    (claim,) = judge("http.no-redirect", *seen, listening(80, process="python"))
    assert claim.facts["holder"] == "python"
    assert claim.fix
    assert claim.fix.steps == (Manual("other-program", Where.SERVER),)
    for process in ("nginx", "docker-proxy"):
        (claim,) = judge("http.no-redirect", *seen, listening(80, process=process))
        assert claim.facts["holder"] == ""


def test_notes_a_refusal_on_port_80() -> None:
    (claim,) = judge("http.no-redirect", HOME, plain(404))
    assert claim.severity is Severity.NOTE


def test_warns_of_an_error_on_port_80_and_leaves_its_cure_to_a_person() -> None:
    text = PAGES.replace("proxy_pass http://127.0.0.1:3000;", "return 503;")
    (claim,) = judge("http.no-redirect", HOME, plain(503), config(SITE + text), *AROUND)
    assert claim.severity is Severity.WARNING
    assert applied(claim)[0] is Applicability.REVIEW


def test_warns_only_of_an_error_that_is_no_limit_of_requests() -> None:
    limited = PAGES.replace("location / {", "location / { limit_req zone=web;")
    (claim,) = judge("http.no-redirect", HOME, plain(503), config(SITE + limited), *AROUND)
    assert claim.severity is Severity.NOTE
    (claim,) = judge("http.no-redirect", HOME, plain(503))
    assert claim.severity is Severity.NOTE
    (claim,) = judge("http.no-redirect", HOME, plain(502))
    assert claim.severity is Severity.WARNING


def test_notes_what_a_preloaded_site_serves_on_port_80() -> None:
    strict = Exchange(
        url=HOME.url,
        address=HOME.address,
        port=443,
        status=200,
        headers=(("Strict-Transport-Security", "max-age=63072000; preload"),),
    )
    (claim,) = judge("http.no-redirect", strict, plain())
    assert claim.severity is Severity.NOTE


def test_silent_on_every_kind_of_redirect() -> None:
    for status in (301, 302, 303, 307, 308):
        assert not judge("http.no-redirect", HOME, plain(status, "https://www.shop.example.com/"))


def test_silent_where_the_page_itself_leads_on() -> None:
    refresh = '<meta http-equiv="refresh" content="0; url=https://shop.example.com/">'
    assert not judge("http.no-redirect", HOME, plain(body=refresh))


def test_silent_where_https_does_not_work() -> None:
    broken = Exchange(url=HOME.url, address=HOME.address, port=443, status=502)
    assert not judge("http.no-redirect", broken, plain())
    assert not judge("http.no-redirect", plain())


def test_fires_behind_a_certificate_that_browsers_refuse_and_leaves_its_cure_to_a_person() -> None:
    refused = replace(HOME, verified=False)
    (claim,) = judge("http.no-redirect", refused, plain(), config(SITE + PAGES), *AROUND)
    assert claim.facts["unverified"]
    assert applied(claim)[0] is Applicability.REVIEW


def test_silent_behind_such_a_certificate_about_a_refusal() -> None:
    assert not judge("http.no-redirect", replace(HOME, verified=False), plain(404))
    assert not judge("http.no-redirect", replace(HOME, verified=False), plain(502))


def test_silent_behind_such_a_certificate_where_no_page_of_the_site_is() -> None:
    """The site is plain http, and a block for all names has a certificate of its own."""
    refused, other = replace(HOME, verified=False), SITE.replace("shop.example.com", "_")
    assert other != SITE
    assert not judge("http.no-redirect", refused, plain(), config(other + PAGES), *AROUND)
    assert not judge("http.no-redirect", replace(refused, status=404), plain())
    made = Certificate(
        "CN=localhost", "CN=localhost", "1", NOW - timedelta(days=5), NOW + timedelta(days=60),
        "aa", dns_names=("localhost",),
    )  # fmt: skip
    assert made.self_issued
    handshake = Handshake(address="203.0.113.10", port=443, chain=(made,))
    assert not judge("http.no-redirect", refused, plain(), handshake)
    own = replace(handshake, chain=(replace(made, dns_names=("shop.example.com",)),))
    assert judge("http.no-redirect", refused, plain(), own)
    assert judge("http.no-redirect", refused, plain(), config(SITE + PAGES), *AROUND)


def test_silent_about_port_80_of_a_site_on_another_port() -> None:
    target = Target("shop.example.com:8443", "https", "shop.example.com", 8443)
    other = Exchange(
        url="https://shop.example.com:8443/", address="203.0.113.10", port=8443, status=200
    )
    assert not judge("http.no-redirect", other, plain(), target=target)


PAGES = PLAIN.replace("return 301 https://$host$request_uri;", "proxy_pass http://127.0.0.1:3000;")
LED = "+return 301 https://$host$request_uri;"


def test_the_pages_of_port_80_give_way() -> None:
    (claim,) = judge("http.no-redirect", HOME, plain(), config(SITE + PAGES), *AROUND)
    assert applied(claim) == (
        Applicability.AUTOMATIC,
        ["-proxy_pass http://127.0.0.1:3000;", LED],
    )


def test_other_locations_are_kept_and_challenges_left_alone() -> None:
    text = PAGES.replace("    location / {", "    location /api/ { return 404; }\n    location / {")
    (claim,) = judge("http.no-redirect", HOME, plain(), config(SITE + text), *AROUND)
    condition = r'+if ($request_uri !~ "^/\.well-known/acme-challenge/") {'
    assert applied(claim) == (Applicability.AUTOMATIC, [condition, LED, "+}"])


FILES = PAGES.replace("proxy_pass http://127.0.0.1:3000;", "root /var/www/html;")


def test_challenges_stay_where_https_would_not_find_them() -> None:
    """The block with TLS passes every path to an application."""
    text = FILES.replace(
        FILES[FILES.index("    location /.well") : FILES.index("    location / {")], ""
    )
    assert "well-known" not in text
    (claim,) = judge("http.no-redirect", HOME, plain(), config(SITE + text), *AROUND)
    applicability, lines = applied(claim)
    assert applicability is Applicability.AUTOMATIC
    assert lines[:2] == ["+location /.well-known/acme-challenge/ {", "+root /var/www/html;"]
    assert LED in lines


def test_challenges_need_no_location_where_https_looks_in_the_same_folder() -> None:
    start, end = FILES.index("    location /.well"), FILES.index("    location / {")
    secure = SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /var/www/html;")
    text = secure + FILES[:start] + FILES[end:]
    (claim,) = judge("http.no-redirect", HOME, plain(), config(text), *AROUND)
    assert not any("acme" in line for line in applied(claim)[1])


def test_a_block_for_unknown_names_is_left_and_the_site_gets_one() -> None:
    default = "server { listen 80 default_server; server_name _; root /var/www/html; }\n"
    (claim,) = judge("http.no-redirect", HOME, plain(), config(SITE + default), *AROUND)
    applicability, lines = applied(claim)
    assert applicability is Applicability.AUTOMATIC
    assert lines[:3] == ["+server {", "+listen 80;", "+server_name shop.example.com;"]
    assert "+root /var/www/html;" in lines
    assert LED in lines


def test_by_hand_where_a_name_would_be_led_to_nothing() -> None:
    text = PAGES.replace("server_name shop", "server_name intranet.example.com shop")
    (claim,) = judge("http.no-redirect", HOME, plain(), config(SITE + text), *AROUND)
    assert applied(claim) == (Applicability.MANUAL, [])
    (claim,) = judge("http.no-redirect", HOME, plain())
    assert applied(claim) == (Applicability.MANUAL, [])


def test_no_second_redirect_where_the_file_has_one() -> None:
    (claim,) = judge("http.no-redirect", HOME, plain(), config(SITE + PLAIN), *AROUND)
    assert applied(claim) == (Applicability.MANUAL, [])


def test_a_refusal_is_to_be_thought_over() -> None:
    text = PAGES.replace("proxy_pass http://127.0.0.1:3000;", "return 404;")
    (claim,) = judge("http.no-redirect", HOME, plain(404), config(SITE + text), *AROUND)
    assert applied(claim)[0] is Applicability.REVIEW


def test_silent_where_https_answers_with_the_same_error() -> None:
    """A rule of the server came before any redirect (AllowEncodedSlashes)."""
    missing = replace(HOME, status=404)
    assert not judge("http.no-redirect", missing, plain(404))
    assert judge("http.no-redirect", HOME, plain(404))
    assert judge("http.no-redirect", missing, plain(200))


def test_notes_a_password_that_plain_http_asks_for_too() -> None:
    asked = (("WWW-Authenticate", 'Basic realm="Staff"'),)
    secure, open_ = (replace(each, status=401, headers=asked) for each in (HOME, plain()))
    (claim,) = judge("http.no-redirect", secure, open_)
    assert claim.severity is Severity.NOTE


OWN = "server {\n  listen 80;\n  server_name shop.example.com;\n  root /srv/shop;\n}\n"


def test_silent_where_another_sites_block_answers_on_443() -> None:
    """The redirect would end every visit at the other site's page (nginx.no-matching-server)."""
    other = SITE.replace("shop.example.com", "www.example.org")
    assert not judge("http.no-redirect", HOME, plain(), config(other + OWN), *AROUND)
    assert judge("http.no-redirect", HOME, plain(), config(other + SITE + OWN), *AROUND)


def test_the_patch_fits_behind_that_of_the_challenges() -> None:
    folder = ChallengeFolder(
        vantage=Vantage.SERVER, tool="certbot", source="x", name="shop.example.com", folder="/x"
    )
    for seen, before in (((), 3), ((folder,), 1)):
        (claim,) = judge("http.no-redirect", HOME, plain(), config(SITE + PAGES), *AROUND, *seen)
        assert claim.fix
        rows = claim.fix.edits[0].diff.splitlines()[3:]
        assert [row[:1] for row in rows[: before + 1]] == [" "] * before + ["-"]
