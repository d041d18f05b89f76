from diagnose.model import Applicability, Severity
from diagnose.model.http import Exchange, RequestPurpose
from diagnose.model.requests import ComparedRequest
from diagnose.model.server import Listener, Listeners
from diagnose.parsers.nginx.proxied_request import SCHEME_FIELD
from tests.support.check_evidence import judge
from tests.support.redirect_evidence import AROUND, SITE, applied, config
from tests.support.redirect_evidence import PLAIN as REDIRECTING
from tests.support.upstream_evidence import compared
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config


def answer(
    url: str, location: str = "", purpose: RequestPurpose = "target", status: int = 301
) -> Exchange:
    return Exchange(
        url=url,
        address="203.0.113.10",
        port=443 if url.startswith("https") else 80,
        purpose=purpose,
        status=status,
        headers=(("Location", location),) if location else (),
    )


HOME, PLAIN = "https://shop.example.com/", "http://shop.example.com/"


def test_fires_where_https_leads_to_http() -> None:
    (claim,) = judge(
        "http.redirect-downgrade", answer(HOME, PLAIN), answer(PLAIN, purpose="plain", status=200)
    )
    assert claim.severity is None
    assert claim.facts["onward"] == PLAIN


def test_warns_where_http_leads_back_to_another_page_on_https() -> None:
    (claim,) = judge(
        "http.redirect-downgrade",
        answer(HOME, PLAIN + "en/"),
        answer(PLAIN + "en/", HOME + "en/", "redirect"),
        answer(HOME + "en/", purpose="redirect", status=200),
    )
    assert claim.severity is Severity.WARNING


def test_silent_on_redirects_that_keep_https() -> None:
    assert not judge(
        "http.redirect-downgrade",
        answer(HOME, "/en/"),
        answer(HOME + "en/", purpose="redirect", status=200),
    )


def test_silent_on_a_redirect_to_a_stranger() -> None:
    assert not judge("http.redirect-downgrade", answer(HOME, "http://elsewhere.example.net/"))


def test_silent_on_plain_http() -> None:
    assert not judge("http.redirect-downgrade", answer(PLAIN, HOME, "plain"))


def test_a_redirect_to_where_one_is_goes_and_the_pages_of_port_80_give_way() -> None:
    text = SITE.replace("    location", "    return 301 http://$host$request_uri;\n    location", 1)
    served = "proxy_pass http://127.0.0.1:3000;"
    text += REDIRECTING.replace("return 301 https://$host$request_uri;", served)
    observations = (answer(HOME, PLAIN), answer(PLAIN, purpose="plain", status=200))
    (claim,) = judge("http.redirect-downgrade", *observations, config(text), *AROUND)
    assert applied(claim) == (
        Applicability.AUTOMATIC,
        [
            "-return 301 http://$host$request_uri;",
            f"-{served}",
            "+return 301 https://$host$request_uri;",
        ],
    )


def test_one_that_leads_on_says_https() -> None:
    own = "    location = / { return 301 http://$host/en/; }\n    location"
    text = SITE.replace("    location", own, 1)
    (claim,) = judge("http.redirect-downgrade", answer(HOME, PLAIN + "en/"), config(text), *AROUND)
    applicability, lines = applied(claim)
    assert applicability is Applicability.AUTOMATIC
    assert "+location = / { return 301 https://$host/en/; }" in lines


def test_an_applications_redirect_is_left_to_a_person() -> None:
    header = "proxy_set_header X-Forwarded-Proto $scheme;\n        proxy_set_header"
    told = config(SITE.replace("proxy_set_header", header))
    (claim,) = judge("http.redirect-downgrade", answer(HOME, PLAIN + "en/"), told, *AROUND)
    assert applied(claim) == (Applicability.MANUAL, [])
    assert claim.facts["told"]


def test_nginx_corrects_the_redirects_of_an_application_that_is_told_the_scheme() -> None:
    header = "proxy_set_header X-Forwarded-Proto $scheme;\n        proxy_set_header"
    told = config(SITE.replace("proxy_set_header", header))
    direct = compared(301, location=PLAIN + "en/")
    seen = (answer(HOME, PLAIN + "en/"), direct, told, *AROUND)
    (claim,) = judge("http.redirect-downgrade", *seen)
    applicability, lines = applied(claim)
    assert applicability is Applicability.REVIEW
    assert "+proxy_redirect http://shop.example.com/ https://shop.example.com/;" in lines
    assert claim.facts["rewrites"]
    circle = (answer(HOME, PLAIN), compared(301, location=PLAIN), told, *AROUND)
    (claim,) = judge("http.redirect-downgrade", *circle)
    assert applied(claim) == (Applicability.MANUAL, [])


def test_a_redirect_that_only_adds_a_slash_is_the_containers() -> None:
    header = "proxy_set_header X-Forwarded-Proto $scheme;\n        proxy_set_header"
    told, page = config(SITE.replace("proxy_set_header", header)), HOME + "test"
    for onward, slash in (("test/", True), ("test/?x=1", True), ("login", False)):
        (claim,) = judge("http.redirect-downgrade", answer(page, PLAIN + onward), told, *AROUND)
        assert claim.facts["slash"] is slash


def test_an_application_that_is_not_told_the_scheme_is_told() -> None:
    (claim,) = judge("http.redirect-downgrade", answer(HOME, PLAIN + "en/"), config(), *AROUND)
    lines = ["+proxy_set_header X-Forwarded-Proto $scheme;"]
    assert applied(claim) == (Applicability.REVIEW, lines)
    assert claim.facts["place"]


def asked(location: str, told: str) -> tuple[ComparedRequest, ...]:
    """The application's own answers, without X-Forwarded-Proto and with it."""
    return (
        compared(301, location=location),
        compared(301, "field", SCHEME_FIELD, "added", value="https", location=told),
    )


def test_nginx_corrects_the_redirects_of_an_application_that_reads_no_scheme() -> None:
    java = Listeners(sockets=(Listener(address="127.0.0.1", port=3000, family=4, process="java"),))
    seen = (answer(HOME, PLAIN + "en/"), *asked(PLAIN + "en/", PLAIN + "en/"), config(), *AROUND)
    (claim,) = judge("http.redirect-downgrade", *seen, java)
    lines = [
        "+proxy_set_header X-Forwarded-Proto $scheme;",
        "+proxy_redirect default;",
        "+proxy_redirect http://shop.example.com/ https://shop.example.com/;",
    ]
    assert applied(claim) == (Applicability.REVIEW, lines)
    assert claim.facts["ignores"]
    assert claim.facts["family_java"]
    assert not claim.facts["untried"]


def test_the_field_is_enough_where_the_application_reads_it() -> None:
    seen = (answer(HOME, PLAIN + "en/"), *asked(PLAIN + "en/", HOME + "en/"), config(), *AROUND)
    (claim,) = judge("http.redirect-downgrade", *seen)
    lines = ["+proxy_set_header X-Forwarded-Proto $scheme;"]
    assert applied(claim) == (Applicability.REVIEW, lines)
    assert not claim.facts["ignores"]
    assert not claim.facts["untried"]


def test_another_answer_than_the_visitors_proves_nothing() -> None:
    seen = (answer(HOME, PLAIN + "en/"), *asked(PLAIN + "de/", PLAIN + "en/"), config(), *AROUND)
    (claim,) = judge("http.redirect-downgrade", *seen)
    assert claim.facts["untried"]
    assert not claim.facts["ignores"]


def test_a_person_keeps_own_lines_for_redirects() -> None:
    own = config(SITE.replace("proxy_set_header", "proxy_redirect off;\n        proxy_set_header"))
    seen = (answer(HOME, PLAIN + "en/"), *asked(PLAIN + "en/", PLAIN + "en/"), own, *AROUND)
    (claim,) = judge("http.redirect-downgrade", *seen)
    assert applied(claim) == (Applicability.MANUAL, [])


OUTER = (
    SITE.replace("127.0.0.1:3000", "127.0.0.1:8080").replace(
        "Host $host;", "Host $host; proxy_set_header X-Forwarded-Proto https;"
    )
    + REDIRECTING
)
BLOCK = "server {\n    listen 127.0.0.1:8080;\n    server_name shop.example.com;\n%s\n}\n"


def test_fires_and_names_the_rule_of_an_inner_block() -> None:
    rule = "    location = / { return 302 $scheme://$host/en/; }"
    seen = (answer(HOME, f"{PLAIN}en/", status=302), config(OUTER + BLOCK % rule), *AROUND)
    (claim,) = judge("http.redirect-downgrade", *seen)
    assert claim.facts["inner_line"] == "return 302 $scheme://$host/en/"
    assert not claim.facts["told"], "no application is asked"
    assert applied(claim) == (
        Applicability.REVIEW, ["-location = / { return 302 $scheme://$host/en/; }",
                               "+location = / { return 302 https://$host/en/; }"],
    )  # fmt: skip


def test_fires_and_names_the_inner_block_that_adds_a_slash() -> None:
    inner = BLOCK % "    root /srv;\n    port_in_redirect off;"
    place = f"{HOME}docs"
    seen = (answer(place, f"{PLAIN}docs/"), config(OUTER + inner), *AROUND)
    (claim,) = judge("http.redirect-downgrade", *seen)
    assert claim.facts["inner_slash"]
    assert applied(claim) == (Applicability.AUTOMATIC, ["+absolute_redirect off;"])


def test_fires_and_names_what_an_inner_block_tells_the_application() -> None:
    lines = "proxy_pass http://127.0.0.1:3000; proxy_set_header X-Forwarded-Proto $scheme;"
    text = OUTER + BLOCK % f"    location / {{ {lines} }}"
    seen = (answer(HOME, f"{PLAIN}login", status=302), config(text), *AROUND)
    (claim,) = judge("http.redirect-downgrade", *seen)
    assert claim.facts["inner_line"] == "proxy_set_header X-Forwarded-Proto $scheme"
    assert applied(claim)[0] is Applicability.REVIEW


def test_silent_about_an_inner_block_that_passes_the_scheme_on() -> None:
    lines = "proxy_pass http://127.0.0.1:3000; proxy_set_header Host $host;"
    text = OUTER + BLOCK % f"    location / {{ {lines} }}"
    seen = (answer(HOME, f"{PLAIN}login", status=302), config(text), *AROUND)
    (claim,) = judge("http.redirect-downgrade", *seen)
    assert not claim.facts["inner"]
    assert claim.facts["told"]


def test_a_redirect_of_an_inner_block_to_the_page_itself_is_left_to_a_person() -> None:
    rule = "    return 301 http://$host$request_uri;"
    seen = (answer(HOME, PLAIN), config(OUTER + BLOCK % rule), *AROUND)
    (claim,) = judge("http.redirect-downgrade", *seen)
    assert claim.facts["inner_rule"]
    assert applied(claim) == (Applicability.MANUAL, [])


def test_fires_on_what_the_scripts_of_the_page_read() -> None:
    """An interface that adds a slash, after issue 2748 of Starlette: browsers block http there."""
    url, onward = f"{HOME}api/items", f"{PLAIN}api/items/"
    page = answer(HOME, status=200)
    (claim,) = judge("http.redirect-downgrade", page, answer(url, onward, "data", 307))
    assert claim.severity is Severity.WARNING
    assert (claim.facts["url"], claim.facts["data"]) == (url, True)
    kept = answer(url, onward.replace("http:", "https:"), "data", 307)
    assert not judge("http.redirect-downgrade", page, kept)


def test_warns_where_the_servers_own_line_says_so_and_plain_http_has_the_site() -> None:
    """A name without https: its block for port 443 only sends visitors back."""
    seen = answer(HOME, PLAIN), answer(PLAIN, purpose="plain", status=200)
    head = SITE.partition("    location")[0]
    only = f"{head}    return 301 http://$host$request_uri;\n}}\n"
    (claim,) = judge("http.redirect-downgrade", *seen, config(only), *AROUND, masked=False)
    assert claim.severity is Severity.WARNING
    # Nothing is there over http, or the line is for some pages alone.
    gone = answer(PLAIN, purpose="plain", status=404)
    (claim,) = judge("http.redirect-downgrade", seen[0], gone, config(only), *AROUND, masked=False)
    assert claim.severity is None
    some = (
        f"{head}    location = / {{ return 301 http://$host$request_uri; }}\n    root /srv;\n}}\n"
    )
    (claim,) = judge("http.redirect-downgrade", *seen, config(some), *AROUND, masked=False)
    assert claim.severity is None


RULE = "RewriteRule ^ http://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]"
RULES = f"    RewriteEngine On\n    RewriteCond %{{REQUEST_URI}} !^/donate\n    {RULE}\n"


def test_apaches_own_rule_is_named_and_not_the_application() -> None:
    """The application is told https (issue 38 of Gravity-Forms-Stripe)."""
    told = f"{RULES}    RequestHeader set X-Forwarded-Proto https\n    ProxyPass /ws"
    text = HTTPS.replace("    ProxyPass /ws", told)
    seen = (answer(HOME, PLAIN), answer(PLAIN, purpose="redirect", status=200))
    (claim,) = judge("http.redirect-downgrade", *seen, APACHE, apache_config(text), masked=False)
    assert claim.facts["told"] == ""
    assert claim.facts["server_line"] == RULE
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = str(claim.fix.steps[0])
    assert f"# {RULE}" in edit
    assert "# RewriteCond" in edit


def test_a_rule_for_all_of_https_is_its_owners_choice() -> None:
    plain = RULES.replace("    RewriteCond %{REQUEST_URI} !^/donate\n", "")
    text = HTTPS.replace("    ProxyPass /ws", f"{plain}    ProxyPass /ws")
    seen = (answer(HOME, PLAIN), answer(PLAIN, purpose="redirect", status=200))
    (claim,) = judge("http.redirect-downgrade", *seen, APACHE, apache_config(text), masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_no_condition_of_a_rule_that_goes_is_left_for_the_next_one() -> None:
    between = "    RewriteCond %{HTTPS} =on\n\n    # Not the shop.\n    RewriteCond"
    closing = "    RewriteRule ^/admin - [F]\n    ProxyPass /ws"
    rules = RULES.replace("    RewriteCond", between)
    seen = (answer(HOME, PLAIN), answer(PLAIN, purpose="redirect", status=200))
    text = HTTPS.replace("    ProxyPass /ws", f"{rules}{closing}")
    (claim,) = judge("http.redirect-downgrade", *seen, APACHE, apache_config(text), masked=False)
    assert claim.fix
    assert str(claim.fix.steps[0]).count("+    # RewriteCond") == 2
    # A rule before it skips it, so that another one would be skipped without it.
    skipping = f"    RewriteRule ^/x - [S=1]\n{rules}"
    text = HTTPS.replace("    ProxyPass /ws", f"{skipping}{closing}")
    (claim,) = judge("http.redirect-downgrade", *seen, APACHE, apache_config(text), masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
