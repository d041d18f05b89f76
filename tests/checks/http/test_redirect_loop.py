from dataclasses import replace

import pytest

from diagnose.model import Applicability, Command, Confidence, Edit, Vantage
from diagnose.model.containers import BindMount, NginxContainer
from diagnose.model.http import Exchange, RequestPurpose
from diagnose.model.nginx import ConfigFile, ContainerNginx
from diagnose.model.server import Listener, Listeners
from diagnose.parsers.nginx import config as nginx_parser
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING
from tests.support.nginx_evidence import config as nginx_config
from tests.support.redirect_evidence import AROUND, SITE, applied, config


def answer(
    url: str,
    location: str = "",
    purpose: RequestPurpose = "target",
    status: int = 301,
    address: str = "203.0.113.10",
) -> Exchange:
    return Exchange(
        url=url,
        address=address,
        port=443 if url.startswith("https") else 80,
        purpose=purpose,
        status=status,
        headers=(("Location", location),) if location else (),
    )


HOME = "https://shop.example.com/"


def test_fires_once_where_a_page_leads_to_itself() -> None:
    (claim,) = judge(
        "http.redirect-loop",
        answer(HOME, HOME),
        answer("http://shop.example.com/", HOME, "plain"),
    )
    assert claim.facts["itself"]


@pytest.mark.parametrize(
    ("attributes", "domain", "words"),
    [
        ("Domain=app.internal", "app.internal", ""),
        ("SameSite=None", "", "SameSite=None, no Secure"),
    ],
)
def test_fires_and_names_the_cookie_that_browsers_refuse(
    attributes: str, domain: str, words: str
) -> None:
    fields = (("Location", HOME), ("Set-Cookie", f"session=secret; {attributes}"))
    loop = replace(answer(HOME, HOME), headers=fields)
    (claim,) = judge("http.redirect-loop", loop)
    assert claim.facts["cookie"] == "session"
    assert (claim.facts["cookie_domain"], claim.facts["cookie_attributes"]) == (domain, words)


def test_fires_where_http_and_https_lead_to_each_other() -> None:
    (claim,) = judge(
        "http.redirect-loop",
        answer(HOME, "http://shop.example.com"),
        answer("http://shop.example.com/", "https://SHOP.example.com:443/", "plain"),
    )
    assert not claim.facts["itself"]
    assert str(claim.about) == "203.0.113.10:443, 203.0.113.10:80"


def test_fires_where_it_never_ends() -> None:
    steps = [answer(HOME, "/x/")]
    for depth in range(1, 11):
        steps.append(answer(HOME + "x/" * depth, HOME + "x/" * (depth + 1), "redirect"))
    (claim,) = judge("http.redirect-loop", *steps)
    assert claim.facts["endless"]
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_the_chain_ends() -> None:
    assert not judge(
        "http.redirect-loop",
        answer(HOME, "/en/"),
        answer(HOME + "en/", purpose="redirect", status=200),
        answer("http://shop.example.com/", HOME, "plain"),
    )


def test_silent_where_a_cookie_opens_the_page() -> None:
    assert not judge(
        "http.redirect-loop", answer(HOME, HOME), answer(HOME, purpose="redirect", status=200)
    )


def test_silent_where_the_end_was_not_seen() -> None:
    assert not judge("http.redirect-loop", answer(HOME, "https://www.shop.example.com/"))


WORDS = "return 301 https://$host$request_uri;"


def test_a_block_for_both_redirects_plain_http_only() -> None:
    text = SITE.replace("listen 443", "listen 80;\n    listen 443")
    text = text.replace("    location", f"    {WORDS}\n\n    location", 1)
    (claim,) = judge("http.redirect-loop", answer(HOME, HOME), config(text), *AROUND)
    assert applied(claim) == (
        Applicability.AUTOMATIC,
        [f"-{WORDS}", "+if ($scheme = http) {", f"+{WORDS}", "+}"],
    )


def test_a_location_that_is_there_for_its_redirect_takes_its_path_alone() -> None:
    """`location /app` takes /app/ too: without the redirect nothing would answer."""
    place = "https://shop.example.com/app/"
    own = "    location /app {\n        return 301 https://$host/app/;\n    }\n    root /srv;\n"
    text = SITE.replace("    location", f"{own}    location", 1)
    target = replace(SHOP, path="/app/")
    (claim,) = judge("http.redirect-loop", answer(place, place), config(text), target=target)
    assert applied(claim) == (Applicability.REVIEW, ["-location /app {", "+location = /app {"])


def test_a_block_for_tls_redirects_nobody() -> None:
    text = SITE.replace("    location", f"    {WORDS}\n    location", 1)
    (claim,) = judge("http.redirect-loop", answer(HOME, HOME), config(text), *AROUND)
    assert applied(claim) == (Applicability.AUTOMATIC, [f"-{WORDS}"])


def test_an_application_is_told_that_it_is_https() -> None:
    (claim,) = judge("http.redirect-loop", answer(HOME, HOME), config(), *AROUND)
    told = "+proxy_set_header X-Forwarded-Proto $scheme;"
    assert applied(claim) == (Applicability.AUTOMATIC, [told])
    assert str(claim.facts["untold"]).rpartition(":")[2].isdigit(), "the line, and so the cause"
    text = SITE.replace("Host $host;", "Host $host; proxy_set_header X-Forwarded-Proto https;")
    (claim,) = judge("http.redirect-loop", answer(HOME, HOME), config(text), *AROUND)
    assert applied(claim) == (Applicability.MANUAL, [])


INNER = (
    SITE.replace("127.0.0.1:3000", "127.0.0.1:8080")
    + """
server {
    listen 127.0.0.1:8080;
    server_name shop.example.com;
    location / {
        proxy_pass http://127.0.0.1:3000;
        proxy_set_header Host $host;
    }
}
"""
)
LISTEN = "    listen 127.0.0.1:8080;\n"


def test_fires_and_names_the_inner_block_that_redirects() -> None:
    rule = "    if ($scheme = http) { return 301 https://$host$request_uri; }\n"
    text = INNER.replace(LISTEN, LISTEN + rule)
    (claim,) = judge("http.redirect-loop", answer(HOME, HOME), config(text), *AROUND)
    assert claim.facts["inner_rule"]
    assert claim.facts["edited"], "nobody has to find the rule"
    applicability, lines = applied(claim)
    assert applicability is Applicability.AUTOMATIC
    assert "+if ($http_x_forwarded_proto = http) { return 301 https://$host$request_uri; }" in lines
    assert "+proxy_set_header X-Forwarded-Proto $scheme;" in lines


def test_fires_and_names_the_inner_block_that_overwrites_the_scheme() -> None:
    line = "        proxy_set_header X-Forwarded-Proto"
    outer = "        proxy_set_header Host $host;\n"
    text = INNER.replace(outer, f"{outer}{line} https;\n", 1)
    text = text[::-1].replace(outer[::-1], f"{outer}{line} $scheme;\n"[::-1], 1)[::-1]
    (claim,) = judge("http.redirect-loop", answer(HOME, HOME), config(text), *AROUND)
    assert claim.facts["inner"]
    assert applied(claim)[1] == [
        "-proxy_set_header X-Forwarded-Proto $scheme;",
        "+proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;",
    ]


def test_fires_and_names_the_inner_block_that_redirects_whatever_the_scheme() -> None:
    text = INNER.replace(LISTEN, f"{LISTEN}    return 301 https://$host$request_uri;\n")
    (claim,) = judge("http.redirect-loop", answer(HOME, HOME), config(text), *AROUND)
    assert claim.facts["inner_line"] == "return 301 https://$host$request_uri"
    assert applied(claim) == (Applicability.MANUAL, [])
    asking = "    if ($server_port != 443) { rewrite ^ https://$host$request_uri permanent; }\n"
    text = INNER.replace(LISTEN, f"{LISTEN}{asking}")
    seen = (answer(HOME, HOME), config(text), *AROUND)
    (claim,) = judge("http.redirect-loop", *seen, masked=False)
    assert applied(claim)[0] is Applicability.AUTOMATIC


def test_fires_and_names_what_an_inner_block_tells_php() -> None:
    php = """fastcgi_pass unix:/run/php.sock;
        fastcgi_param HTTPS off;"""
    text = INNER.replace(
        """proxy_pass http://127.0.0.1:3000;
        proxy_set_header Host $host;""",
        php,
    )
    plain = "http://shop.example.com/"
    steps = (answer(HOME, plain), answer(plain, HOME, "redirect"))
    (claim,) = judge("http.redirect-loop", *steps, config(text), *AROUND, masked=False)
    assert claim.facts["inner_line"] == "fastcgi_param HTTPS off"
    assert applied(claim) == (
        Applicability.REVIEW, ["-fastcgi_param HTTPS off;", "+fastcgi_param HTTPS on;"],
    )  # fmt: skip


def test_fires_and_names_the_last_of_two_parameters_of_an_inner_block() -> None:
    php = """fastcgi_pass unix:/run/php.sock;
        fastcgi_param HTTPS $https if_not_empty;
        fastcgi_param HTTPS off;"""
    text = INNER.replace(
        """proxy_pass http://127.0.0.1:3000;
        proxy_set_header Host $host;""",
        php,
    )
    (claim,) = judge("http.redirect-loop", answer(HOME, HOME), config(text), *AROUND, masked=False)
    assert claim.facts["inner_line"] == "fastcgi_param HTTPS off"
    assert applied(claim)[1] == ["-fastcgi_param HTTPS off;", "+fastcgi_param HTTPS on;"]


HOST = "Host $host;"
TOLD = f"{HOST} proxy_set_header X-Forwarded-Proto $scheme;"
CONTAINED = """http {
    server {
        listen 80;
        listen [::]:80;
        location / {
            %s
        }
    }
}
"""
FPM = "fastcgi_pass php:9000;\n            fastcgi_param SCRIPT_FILENAME /srv/index.php;"
OWN = (BindMount("/etc/nginx", "/srv/proxy", False),)
PROXY = NginxContainer(vantage=Vantage.SERVER, pid=9, engine="docker", name="proxy", mounts=OWN)


def contained(lines: str, outer: str = TOLD, *more: NginxContainer) -> tuple[object, ...]:
    """The steps for an nginx in a container, whose file is the server's /srv/web."""
    name, text = "web:/etc/nginx/nginx.conf", CONTAINED % lines
    inside = ContainerNginx(
        vantage=Vantage.SERVER, engine="docker", container="web", port=80, pid=42,
        endpoints=(("172.17.0.3", 80),), main=nginx_parser.parse(text, name),
        files=(ConfigFile(name, text, 0.0),), mounts=(("/etc/nginx", "/srv/web", False),),
    )  # fmt: skip
    front = config(SITE.replace("127.0.0.1:3000", "172.17.0.3:80").replace(HOST, outer))
    seen = (answer(HOME, HOME), front, inside, *more, *AROUND)
    (claim,) = judge("http.redirect-loop", *seen, masked=False)
    assert claim.facts["inner_told"]
    assert claim.facts["inner_container"] == "web"
    assert claim.fix
    return claim.fix.steps


@pytest.mark.parametrize("more", [(), (PROXY,)], ids=["of the server", "in a container"])
def test_fires_and_edits_what_the_nginx_of_a_container_tells_php(
    more: tuple[NginxContainer, ...],
) -> None:
    edit, *rest = contained(FPM, TOLD, *more)
    assert isinstance(edit, Edit)
    assert edit.path == "/srv/web/nginx.conf"
    assert "+            fastcgi_param HTTPS $forwarded_https if_not_empty;\n" in edit.diff
    assert "+    map $http_x_forwarded_proto $forwarded_https {\n" in edit.diff
    assert [" ".join(step.argv) for step in rest if isinstance(step, Command)] == [
        "docker exec web nginx -t", "docker exec web nginx -s reload",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        ("uwsgi_pass app:3031;\n            uwsgi_param REQUEST_URI $request_uri;", "uwsgi_param"),
        ("scgi_pass app:4000;\n            scgi_param REQUEST_URI $request_uri;", "scgi_param"),
    ],
)
def test_fires_and_edits_what_the_nginx_of_a_container_tells_other_programs(
    lines: str, line: str
) -> None:
    edit = contained(lines)[0]
    assert isinstance(edit, Edit)
    assert f"+            {line} HTTPS $forwarded_https if_not_empty;\n" in edit.diff
    edit = contained(lines, HOST)[0]
    assert isinstance(edit, Edit)
    assert f"+            {line} HTTPS on;\n" in edit.diff, "the block in front says nothing"


def test_fires_and_edits_both_where_the_nginx_of_a_container_overwrites_the_scheme() -> None:
    own = "proxy_pass http://app:8000;\n            proxy_set_header X-Forwarded-Proto $scheme;"
    steps = contained(own, HOST)
    paths = [step.path for step in steps if isinstance(step, Edit)]
    assert paths[0] == "/srv/web/nginx.conf"
    assert len(paths) == 2


def test_fires_without_an_inner_line_whose_condition_does_not_hold() -> None:
    rule = "    if ($http_x_forwarded_proto = http) { return 301 https://$host$request_uri; }\n"
    told = (
        "        proxy_set_header Host $host;\n        proxy_set_header X-Forwarded-Proto https;\n"
    )
    text = INNER.replace(LISTEN, LISTEN + rule)
    text = text.replace("        proxy_set_header Host $host;\n", told, 1)
    (claim,) = judge("http.redirect-loop", answer(HOME, HOME), config(text), *AROUND)
    assert not claim.facts["inner"], "the application redirects"


def test_fires_without_an_inner_line_where_another_program_has_the_port() -> None:
    rule = "    if ($scheme = http) { return 301 https://$host$request_uri; }\n"
    text = INNER.replace(LISTEN, LISTEN + rule)
    sockets = (Listener(address="127.0.0.1", port=8080, family=4, pid=9, process="node"),)
    held = Listeners(vantage=Vantage.SERVER, sockets=sockets)
    (claim,) = judge("http.redirect-loop", answer(HOME, HOME), config(text), held, *AROUND)
    assert not claim.facts["inner"]


def test_fires_on_two_names_that_redirect_to_each_other() -> None:
    www = "https://www.shop.example.com/"
    steps = (answer(HOME, www), answer(www, HOME, "redirect"))
    (claim,) = judge("http.redirect-loop", *steps)
    assert claim.facts["www"]
    assert not claim.facts["www_place"]


LOGIN = "https://shop.example.com/login"
CIRCLE = (answer(HOME, LOGIN), answer(LOGIN, HOME, "redirect"))
PASSED = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location / {
        proxy_pass http://127.0.0.1:3000;
        proxy_set_header Host $host;
    }
}
"""


def test_fires_and_names_what_takes_the_cookie_away() -> None:
    line = "proxy_hide_header Set-Cookie;\n        proxy_set_header"
    text = PASSED.replace("proxy_set_header", line)
    (claim,) = judge("http.redirect-loop", *CIRCLE, RUNNING, nginx_config(text), masked=False)
    assert claim.facts["hiding"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_and_says_that_the_scheme_is_not_passed_where_no_cookie_is_set() -> None:
    (claim,) = judge("http.redirect-loop", *CIRCLE, RUNNING, nginx_config(PASSED), masked=False)
    assert claim.facts["no_scheme"]
    assert "X-Forwarded-Proto $scheme" in str(claim.fix and claim.fix.steps[0])
    told = PASSED.replace("Host $host", "X-Forwarded-Proto https")
    (claim,) = judge("http.redirect-loop", *CIRCLE, RUNNING, nginx_config(told), masked=False)
    assert not claim.facts["no_scheme"]


def test_fires_and_says_nothing_of_the_scheme_where_a_cookie_is_set() -> None:
    cookie = replace(CIRCLE[1], headers=(*CIRCLE[1].headers, ("Set-Cookie", "sid=1; Path=/")))
    observations = (CIRCLE[0], cookie, RUNNING, nginx_config(PASSED))
    (claim,) = judge("http.redirect-loop", *observations, masked=False)
    assert not claim.facts["no_scheme"]


def test_another_site_keeps_its_redirect() -> None:
    """The block of www answers for the bare name, which no block has here."""
    line = "return 301 https://shop.example.com$request_uri;"
    for name, is_own in (("www.shop.example.com", False), ("shop.example.com", True), ("_", True)):
        text = f"server {{\n    listen 443 ssl;\n    server_name {name};\n    {line}\n}}\n"
        (claim,) = judge("http.redirect-loop", answer(HOME, HOME), config(text), *AROUND)
        assert bool(claim.facts["own"]) == is_own
