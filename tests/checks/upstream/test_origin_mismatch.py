"""upstream.origin-mismatch: the application refuses forms because of where they come from."""

from dataclasses import replace

from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Manual,
    Observation,
    Severity,
    Subject,
    Vantage,
)
from diagnose.model.applications import KnownApplication, ReadSetting
from diagnose.model.dns import Resolution
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import AcceptedForm, FailedRequests
from diagnose.model.nginx import ConfigFile, ContainerNginx
from diagnose.model.program_logs import ProgramRefusal
from diagnose.model.requests import ComparedRequest
from diagnose.model.server import Interface, Listener, Listeners
from diagnose.model.symptom import Symptom
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.symptoms import symptom_of
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, FILE, RUNNING, SITE, config
from tests.support.upstream_evidence import compared, controlled, page

CHECK = "upstream.origin-mismatch"
WORDS = "CSRF verification failed. Request aborted."
HOST = "        proxy_set_header Host $host;\n"
SCHEME = "        proxy_set_header X-Forwarded-Proto https;\n"
POSTED = replace(page(403, WORDS), method="POST")
REFUSED = replace(compared(403, body=WORDS), method="POST")
SERVED = replace(REFUSED, status=302, body="", location="https://shop.example.com/home")
ADDED = replace(SERVED, part="field", name="X-Forwarded-Proto", change="added", value="https")
REFUSED_WEBSOCKET = Upgrade(
    url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443,
    origin="https://shop.example.com", fault="status",
)  # fmt: skip
PASTED = replace(SHOP, symptom=Symptom("csrf", WORDS))


def claims(text: str, *observations: ComparedRequest) -> list[Claim]:
    door = replace(POSTED, body=observations[0].body)
    return judge(CHECK, config(text), BUILD, RUNNING, door, *controlled(*observations))


def pasted(text: str, words: str = WORDS) -> list[Claim]:
    target = replace(SHOP, symptom=Symptom("csrf", words))
    return judge(CHECK, config(text), BUILD, RUNNING, page(200), target=target)


ACCEPTED = AcceptedForm(file="/a.log", path="/login", status=302, written="12:00:10")
REFUSED_FORM = FailedRequests(
    file="/a.log", method="POST", path="/login", status=403, written="12:00:11"
)


MASTODON = "Security verification failed. Are you blocking cookies?"
BY_HTTP = replace(SHOP, scheme="http", port=80, symptom=Symptom("csrf", MASTODON))
PAGE_BY_HTTP = replace(page(200), url="http://shop.example.com/", port=80)
NETWORK = Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=("203.0.113.10/24",))
PORT = Listener(address="0.0.0.0", port=80, family=4, process="nginx")
HELD = Listeners(vantage=Vantage.SERVER, sockets=(PORT,))


def visited_plainly(text: str, *observations: Observation) -> list[Claim]:
    seen = (config(text), BUILD, RUNNING, PAGE_BY_HTTP, *observations)
    return judge(CHECK, *seen, target=BY_HTTP, masked=False)


def resolved(address: str) -> Resolution:
    return Resolution(name="shop.example.com", family=4, via="system", addresses=(address,))


def test_fires_where_a_site_of_http_is_called_one_of_https() -> None:
    """Issue 15310 of mastodon/mastodon."""
    plain = SITE.replace("listen 443 ssl", "listen 80")
    told, here = plain.replace(HOST, HOST + SCHEME), resolved("203.0.113.10")
    (claim,) = visited_plainly(told, NETWORK, HELD, here)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_set_header X-Forwarded-Proto $scheme;\n" in edit.diff
    assert not visited_plainly(told.replace("Proto https", "Proto $scheme"), NETWORK, HELD, here)
    assert not visited_plainly(plain, NETWORK, HELD, here)


def test_silent_where_another_machine_or_program_may_end_tls() -> None:
    told = SITE.replace("listen 443 ssl", "listen 80").replace(HOST, HOST + SCHEME)
    here, there = resolved("203.0.113.10"), resolved("198.51.100.7")
    stunnel = replace(
        HELD, sockets=(*HELD.sockets, Listener(address="0.0.0.0", port=443, family=4))
    )
    assert not visited_plainly(told, NETWORK, HELD, there)
    assert not visited_plainly(told, HELD, here)
    assert not visited_plainly(told, NETWORK, stunnel, here)
    assert not visited_plainly(told, NETWORK, here)


def test_silent_where_rails_is_told_all_and_may_miss_a_token() -> None:
    told = SITE.replace(HOST, HOST + SCHEME)
    for words in (
        MASTODON,
        "The change you wanted was rejected.",
        "Invalid form authenticity token.",
    ):
        assert pasted(SITE, words)
        assert not pasted(told, words)


def test_silent_where_the_log_has_the_form_accepted_since() -> None:
    told = SITE.replace(HOST, HOST + SCHEME)
    target = replace(SHOP, symptom=Symptom("csrf", WORDS))
    seen = (BUILD, RUNNING, page(200))
    assert judge(CHECK, config(told), *seen, target=target)
    assert not judge(CHECK, config(told), *seen, ACCEPTED, target=target)
    assert judge(CHECK, config(told), *seen, ACCEPTED, REFUSED_FORM, target=target)
    assert judge(CHECK, config(SITE), *seen, ACCEPTED, target=target), "a field is wrong"


def test_fires_where_the_scheme_is_missing_and_adds_it() -> None:
    (claim,) = claims(SITE, REFUSED, ADDED)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["told"] == "http://shop.example.com"
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        proxy_set_header X-Forwarded-Proto $scheme;\n" in edit.diff


def test_fires_and_names_the_misspelled_field() -> None:
    line = "        proxy_set_header X-Forward-Proto https;\n"
    (claim,) = claims(SITE.replace(HOST, HOST + line), REFUSED, ADDED)
    assert claim.facts["misspelled"] == "X-Forward-Proto"


def test_fires_where_it_still_refuses_the_form_for_another_reason() -> None:
    """Without a cookie Django refuses the empty form too, with other words."""
    other = replace(ADDED, status=403, location="", body=f"{WORDS} It requires a CSRF cookie.")
    assert claims(SITE, replace(REFUSED, length=600), replace(other, length=900))


def test_fires_and_the_settings_decide_where_nginx_says_all() -> None:
    origin = replace(
        ADDED, name="Origin", change="replaced", original="https://shop.example.com",
        value="http://shop.example.com",
    )  # fmt: skip
    (claim,) = claims(SITE.replace(HOST, HOST + SCHEME), REFUSED, origin)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
    assert claim.facts["other_origin"] == "http://shop.example.com"


def test_fires_after_a_pasted_message_by_the_configuration() -> None:
    (claim,) = pasted(SITE)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
    (claim,) = pasted(SITE.replace(HOST, HOST + SCHEME))
    assert claim.confidence is Confidence.POSSIBLE


def test_fires_by_the_configuration_where_the_form_is_refused_anyway() -> None:
    """Rails refuses a form without a token in the same words."""
    (claim,) = claims(SITE, REFUSED, replace(ADDED, status=403, location="", body=WORDS))
    assert claim.confidence is Confidence.LIKELY
    assert not claims(SITE.replace(HOST, HOST + SCHEME), REFUSED)


def test_fires_for_words_about_the_origin_alone() -> None:
    words = "Cross-site POST form submissions are forbidden"
    (claim,) = claims(SITE.replace(HOST, HOST + SCHEME), replace(REFUSED, body=words))
    assert claim.facts["sveltekit"]
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_another_origin_is_refused_in_other_words() -> None:
    """The empty form has the right origin, and lacks its token."""
    other = replace(
        REFUSED, part="field", name="Origin", change="replaced", value="http://x", length=600
    )
    right = SITE.replace(HOST, HOST + SCHEME)
    assert not claims(right, replace(REFUSED, length=900), other)
    assert claims(right, replace(REFUSED, length=600), replace(other, length=900))
    removed = replace(other, change="removed", value="", length=900)
    assert not claims(right, replace(REFUSED, length=600), removed)


def test_silent_where_a_control_contradicts() -> None:
    right = SITE.replace(HOST, HOST + SCHEME)
    origin = replace(ADDED, name="Origin", change="removed")
    contradicted = replace(origin, status=403, location="", body=WORDS)
    assert claims(right, REFUSED, origin)
    assert not claims(right, REFUSED, origin, contradicted)


def test_silent_for_an_empty_form_that_is_refused_in_other_words() -> None:
    refused = replace(REFUSED, body="Forbidden")
    assert not claims(SITE, refused, replace(ADDED, status=400, location="", body="empty"))


def test_silent_about_pages_and_other_messages() -> None:
    assert not judge(CHECK, config(SITE), BUILD, RUNNING, page(200))
    assert not pasted(SITE, "Origin checking failed - null does not match any trusted origins.")


# By nginx's log

COOKIE = ("Set-Cookie", "csrftoken=abc; Path=/")
DJANGO = replace(page(200), headers=(COOKIE,))
RAILS = page(200, '<meta name="csrf-param" content="authenticity_token" />')
NEXT = page(200, '<script src="/_next/static/chunks/main.js"></script>')
LOGIN = FailedRequests(
    vantage=Vantage.SERVER,
    file="/var/log/nginx/access.log",
    method="POST",
    path="/login",
    status=403,
    written="12:00:00",
    is_from_page=True,
    server="nginx",
    times=2,
)


def by_log(text: str, observation: Exchange, failure: FailedRequests = LOGIN) -> list[Claim]:
    """What the framework writes into its page is left out of recordings."""
    return judge(CHECK, config(text), BUILD, RUNNING, observation, failure, masked=False)


def test_fires_for_forms_of_the_log() -> None:
    (claim,) = by_log(SITE, DJANGO)
    assert claim.confidence is Confidence.LIKELY
    assert claim.severity is Severity.WARNING
    assert (claim.facts["framework"], claim.facts["times"]) == ("Django", 2)
    assert claim.covers == (Subject(port=443, path="/login"),)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_with_care_where_nginx_tells_all_and_django_refuses_each_form() -> None:
    (claim,) = by_log(SITE.replace(HOST, HOST + SCHEME), DJANGO)
    assert claim.confidence is Confidence.POSSIBLE
    assert claim.facts["origin_itself"]
    assert claim.facts["django"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_with_care_where_the_framework_is_not_known() -> None:
    (claim,) = by_log(SITE, page(200))
    assert (claim.confidence, claim.severity) == (Confidence.POSSIBLE, Severity.NOTE)
    assert not claim.facts["framework"]


def test_fires_with_care_for_forms_of_rails() -> None:
    (claim,) = by_log(SITE, RAILS, replace(LOGIN, status=422))
    assert claim.confidence is Confidence.POSSIBLE


def test_fires_for_the_host_alone_where_the_framework_takes_https_for_granted() -> None:
    action = replace(LOGIN, status=500)
    assert not by_log(SITE, NEXT, action)
    assert by_log(SITE.replace(HOST, ""), NEXT, action)


def test_silent_for_forms_of_the_log_that_are_refused_for_another_reason() -> None:
    told, once = SITE.replace(HOST, HOST + SCHEME), replace(LOGIN, times=1)
    assert not by_log(told, DJANGO, once)
    assert not by_log(told, page(200))
    assert not by_log(told, RAILS, replace(LOGIN, status=422))
    assert not by_log(SITE, page(200), once)
    assert not by_log(SITE, DJANGO, replace(LOGIN, status=422))
    assert not by_log(SITE, DJANGO, replace(LOGIN, is_from_page=False))
    assert not by_log(SITE, DJANGO, replace(LOGIN, method="GET"))
    assert not by_log(SITE, DJANGO, replace(LOGIN, forms_accepted=True))


def test_silent_where_a_websocket_is_refused_for_the_origin_of_the_message() -> None:
    words = "received request from bad Origin: https://shop.example.com"
    target = replace(SHOP, symptom=Symptom("csrf", words))
    refused = replace(REFUSED_WEBSOCKET, status=403)
    accepted = replace(refused, variant="other-scheme", status=101, accepted=True)
    seen = (config(SITE), BUILD, RUNNING, page(200))
    assert len(judge(CHECK, *seen, target=target)) == 1
    assert judge(CHECK, *seen, refused, accepted, target=target) == []
    assert len(judge(CHECK, *seen, refused, accepted, target=PASTED)) == 1


# Behind a machine that ends TLS

PLAIN = SITE.replace("listen 443 ssl", "listen 80")
TOLD_HTTP = PLAIN.replace(HOST, HOST + "        proxy_set_header X-Forwarded-Proto $scheme;\n")
OTHERS_TLS = Listeners(
    vantage=Vantage.SERVER, sockets=(Listener(address="0.0.0.0", port=80, family=4),)
)
OWN_TLS = replace(
    OTHERS_TLS, sockets=(*OTHERS_TLS.sockets, Listener(address="0.0.0.0", port=443, family=4))
)


def behind(text: str, *seen: Observation, listeners: Listeners = OTHERS_TLS) -> list[Claim]:
    observed = (config(text), BUILD, RUNNING, DJANGO, listeners)
    return judge(CHECK, *observed, *seen, target=SHOP if seen else PASTED, masked=False)


def test_fires_where_another_machine_ends_tls_and_nginx_says_http() -> None:
    (claim,) = behind(TOLD_HTTP)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["fields"] == ("X-Forwarded-Proto",)
    assert claim.facts["told"] == "http://shop.example.com"
    (claim,) = behind(TOLD_HTTP, LOGIN)
    assert claim.facts["logged"]
    assert claim.fix
    # The scheme of the other machine is passed on; of the connection, where it says none.
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = [step for step in claim.fix.steps if isinstance(step, Edit)]
    assert "+        proxy_set_header X-Forwarded-Proto $forwarded_scheme;" in edit.diff


def test_silent_where_the_other_machine_tells_of_https() -> None:
    assert not behind(PLAIN)
    assert not behind(PLAIN, LOGIN)
    passed = TOLD_HTTP.replace("$scheme", "$http_x_forwarded_proto")
    assert not behind(passed, LOGIN)
    assert not behind(TOLD_HTTP.replace("$scheme", "https"), LOGIN)


def test_silent_where_it_is_not_known_who_ends_tls() -> None:
    assert not behind(TOLD_HTTP, LOGIN, listeners=OWN_TLS)
    assert not judge(CHECK, config(TOLD_HTTP), BUILD, RUNNING, DJANGO, LOGIN, masked=False)
    other = TOLD_HTTP.replace("server_name shop.example.com", "server_name blog.example.com")
    assert not behind(other, LOGIN)


INNER = """
server {
    listen 127.0.0.1:8080;
    server_name shop.example.com;
    location / {
        proxy_pass http://127.0.0.1:3000;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-Proto %s;
    }
}
"""


def test_fires_and_names_the_inner_block_that_says_http() -> None:
    outer = SITE.replace("127.0.0.1:3000", "127.0.0.1:8080")
    (claim,) = pasted(outer.replace(HOST, HOST + SCHEME) + INNER % "$scheme")
    assert claim.facts["told"] == "http://shop.example.com"
    assert claim.facts["fields"] == ("X-Forwarded-Proto",)
    assert claim.fix
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "+        proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;\n" in edit.diff
    assert "X-Forwarded-Proto https;\n-" not in edit.diff
    (claim,) = pasted(outer + INNER % "$scheme")
    assert claim.fix
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "+        proxy_set_header X-Forwarded-Proto $scheme;\n" in edit.diff, "the outer too"


def test_fires_and_names_the_port_of_the_inner_block() -> None:
    outer = SITE.replace("127.0.0.1:3000", "127.0.0.1:8080").replace(HOST, HOST + SCHEME)
    inner = INNER % "$http_x_forwarded_proto"
    (claim,) = pasted(outer + inner.replace("$http_host", "$host:$server_port"))
    assert claim.facts["told"] == "https://shop.example.com:8080"
    assert claim.facts["fields"] == ("Host",)


CONTAINER = (
    "http {\n    server {\n        listen 80;\n        location / {\n"
    "            proxy_pass http://app:8000;\n%s        }\n    }\n}\n"
)


def in_container(lines: str, path: str = "/etc/nginx/nginx.conf") -> list[Claim]:
    """Forms that fail behind an nginx in a container, whose file is the server's /srv/web."""
    name = f"web:{path}"
    inside = ContainerNginx(
        vantage=Vantage.SERVER, engine="docker", container="web", port=80, pid=42,
        endpoints=(("127.0.0.1", 8088),), main=nginx_parser.parse(CONTAINER % lines, name),
        files=(ConfigFile(name, CONTAINER % lines, 0.0),),
        mounts=(("/etc/nginx", "/srv/web", False),),
    )  # fmt: skip
    outer = SITE.replace("127.0.0.1:3000", "127.0.0.1:8088").replace(HOST, HOST + SCHEME)
    target = replace(SHOP, symptom=Symptom("csrf", WORDS))
    return judge(
        CHECK, config(outer), BUILD, RUNNING, page(200), inside, target=target, masked=False
    )


def test_fires_and_edits_the_file_of_the_nginx_in_a_container() -> None:
    passed = "            proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;\n"
    (claim,) = in_container(f"            proxy_set_header Host $host:$server_port;\n{passed}")
    assert claim.facts["told"] == "https://shop.example.com:80"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit, *rest = claim.fix.steps
    assert isinstance(edit, Edit)
    assert edit.path == "/srv/web/nginx.conf"
    assert "+            proxy_set_header Host $http_host;\n" in edit.diff
    assert "web:" not in edit.diff
    assert [" ".join(step.argv) for step in rest if isinstance(step, Command)] == [
        "docker exec web nginx -t", "docker exec web nginx -s reload",
    ]  # fmt: skip


def test_fires_where_the_nginx_in_a_container_passes_no_host() -> None:
    (claim,) = in_container("", "/etc/nginx/own.conf")
    assert claim.facts["told"] == "https://app:8000"
    assert claim.facts["fields"] == ("Host",)
    assert claim.fix
    commands = [step for step in claim.fix.steps if isinstance(step, Command)]
    assert commands[-1].argv[3:] == ("nginx", "-c", "/etc/nginx/own.conf", "-s", "reload")


def test_fires_without_a_word_of_an_inner_block_that_passes_the_scheme_on() -> None:
    outer = SITE.replace("127.0.0.1:3000", "127.0.0.1:8080")
    inner = INNER % "$http_x_forwarded_proto"
    (claim,) = pasted(outer.replace(HOST, HOST + SCHEME) + inner)
    assert claim.facts["origin_itself"], "nginx says all"
    (claim,) = pasted(outer + inner)
    assert claim.facts["location"] == "location /"
    assert claim.location
    assert claim.location.line < 13, "the block in front says nothing"


TOLD_HOST = (
    "`x-forwarded-host` header with value `{}` does not match `origin` header with value `{}`"
)


def test_silent_where_nginx_tells_another_host_than_the_message() -> None:
    """Next.js: the message is of a time before the line for Host."""
    right = SITE.replace(HOST, HOST + SCHEME)
    assert not pasted(right, TOLD_HOST.format("192.0.2.66:31000", "shop.example.com"))
    (claim,) = pasted(right, TOLD_HOST.format("shop.example.com", "www.example.com"))
    assert claim.facts["origin_itself"]
    (claim,) = pasted(
        SITE.replace(HOST, ""), TOLD_HOST.format("192.0.2.66:31000", "shop.example.com")
    )
    assert "Host" in claim.facts["fields"]  # type: ignore[operator]


# By a person's words about a form, without the reason


def test_fires_where_a_person_tells_of_a_refused_login_and_the_scheme_is_missing() -> None:
    for words in ("login 403 Forbidden", "登录报错 403", "POST /login 403"):
        target = replace(SHOP, symptom=symptom_of(words))
        (claim,) = judge(CHECK, config(SITE), BUILD, RUNNING, page(200), target=target)
        assert claim.confidence is Confidence.LIKELY
        assert claim.facts["guess"]


def test_silent_where_a_person_tells_of_a_refused_login_and_all_is_told() -> None:
    told = SITE.replace(HOST, HOST + SCHEME)
    for text, words in ((told, "login 403"), (SITE, "GET /login 403"), (SITE, "login 502")):
        target = replace(SHOP, symptom=symptom_of(words))
        assert not judge(CHECK, config(text), BUILD, RUNNING, page(200), target=target)
    target = replace(SHOP, symptom=symptom_of("login 403"))
    assert not judge(CHECK, config(SITE), BUILD, RUNNING, page(403), target=target)


def test_silent_where_nginx_refuses_the_form_itself_or_leaves_its_body_out() -> None:
    target = replace(SHOP, symptom=symptom_of("login 403 CSRF verification failed"))
    for line in (
        "limit_except GET { deny all; }",
        "proxy_pass_request_body off;",
        "proxy_hide_header Set-Cookie;",
        'proxy_set_header Cookie "";',
        "if ($request_method = POST) { return 403; }",
    ):
        text = SITE.replace(HOST, f"{HOST}        {line}\n")
        assert not judge(CHECK, config(text), BUILD, RUNNING, page(200), target=target)
        assert not by_log(text, DJANGO)


def test_nginx_s_own_origin_is_taken_out() -> None:
    line = "        proxy_set_header Origin http://127.0.0.1:8000;\n"
    text = SITE.replace(HOST, HOST + SCHEME + line)
    (claim,) = by_log(text, DJANGO, replace(LOGIN, times=1))
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["sent"] == "proxy_set_header Origin http://127.0.0.1:8000"
    assert claim.fix
    assert "-        proxy_set_header Origin" in str(claim.fix.steps[0])
    (claim,) = pasted(text)
    assert claim.facts["sent"]
    (claim,) = pasted(text.replace("http://127.0.0.1:8000", "$http_origin"))
    assert not claim.facts["sent"]


SAID = ProgramRefusal(
    vantage=Vantage.SERVER, endpoint="3000", process="python3", method="POST", path="/login",
    status=403, message="Forbidden (Origin checking failed - https://shop.example.com does not"
    " match any trusted origins.): /login", equivalent="journalctl -u shop.service",
)  # fmt: skip


def test_fires_certain_where_the_applications_log_names_the_origin() -> None:
    """Issue 1190 of MarechJ/hll_rcon_tool: nginx tells it all, and one form was refused."""
    told = SITE.replace("        proxy_set_header", f"{HOST}{SCHEME}        proxy_set_header", 1)
    once = replace(LOGIN, times=1)
    (claim,) = judge(CHECK, config(told), BUILD, RUNNING, page(200), once, SAID)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.WARNING)
    assert claim.facts["words"] == SAID.message
    assert claim.facts["django"]
    assert claim.facts["origin_itself"]
    (claim,) = judge(CHECK, config(SITE), BUILD, RUNNING, page(200), once, SAID)
    assert not claim.facts["origin_itself"]
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    symptom_target = replace(SHOP, symptom=symptom_of("login 403 Forbidden"))
    (claim,) = judge(
        CHECK, config(told), BUILD, RUNNING, page(200), once, SAID, target=symptom_target
    )
    assert claim.confidence is Confidence.CERTAIN
    token = replace(SAID, message="Forbidden (CSRF token from POST incorrect.): /login")
    for said in (token, replace(SAID, path="/other"), replace(SAID, status=413)):
        assert not judge(CHECK, config(told), BUILD, RUNNING, page(200), once, said)


def test_silent_where_grafana_compares_the_name_and_only_the_scheme_is_missing() -> None:
    """After issue 51225 of grafana/grafana, mended."""
    assert not pasted(SITE, '{"message":"origin not allowed"}')
    (claim,) = pasted(SITE.replace(HOST, ""), '{"message":"origin not allowed"}')
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_the_program_compares_the_host_alone_and_gets_it() -> None:
    target = replace(SHOP, symptom=Symptom("csrf", "origin not allowed"))
    grafana = KnownApplication(id="grafana", name="Grafana", url="https://shop.example.com/")
    seen = BUILD, RUNNING, page(200), grafana
    assert not judge(CHECK, config(SITE), *seen, target=target)
    without = SITE.replace(HOST, "")
    (claim,) = judge(CHECK, config(without), *seen, target=target)
    assert claim.confidence is Confidence.LIKELY
    assert "Host" in str(claim.facts["fields"])


LACKING = ReadSetting(
    vantage=Vantage.SERVER, application="django", topic="trusted_proxy", source="nowhere",
    key="SECURE_PROXY_SSL_HEADER", file="/srv/shop/settings/base.py", number=5, line="X = 1",
    new='SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")', added=True,
    wanted='SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")', unit="shop.service",
)  # fmt: skip


def test_fires_with_the_setting_by_which_django_believes_the_field() -> None:
    """Issue 349 of wagtail/bakerydemo: the field alone changes nothing."""
    seen = (config(SITE), BUILD, RUNNING, page(200))
    (claim,) = judge(CHECK, *seen, LACKING, target=PASTED)
    assert claim.fix
    edits = [step.path for step in claim.fix.steps if isinstance(step, Edit)]
    assert edits == [FILE, LACKING.file]
    assert isinstance(claim.fix.steps[-1], Command)
    assert claim.fix.steps[-1].argv == ("systemctl", "restart", "shop")
    (claim,) = judge(CHECK, *seen, replace(LACKING, new="", source="file"), target=PASTED)
    assert claim.fix
    assert [step.path for step in claim.fix.steps if isinstance(step, Edit)] == [FILE]


def test_silent_where_the_program_trusts_the_origin_of_an_old_message() -> None:
    """Issue 28 of docker-paperless-ngx, after PAPERLESS_URL was set."""
    read = ReadSetting(
        application="paperless-ngx", topic="allowed_origin", key="PAPERLESS_URL",
        source="variable", values=("https://shop.example.com",), wanted="https://shop.example.com",
    )  # fmt: skip
    text = SITE.replace(HOST, HOST + SCHEME)
    assert pasted(text)
    seen = (config(text), BUILD, RUNNING, page(200), read)
    assert not judge(CHECK, *seen, target=PASTED, masked=False)


def test_silent_where_the_source_of_django_trusts_the_origin() -> None:
    """Pull request 247 of HHS/OPRE-OPS, mended: the message is of the time before."""
    read = replace(
        LACKING, topic="allowed_origin", source="file", key="CSRF_TRUSTED_ORIGINS", new="", line="",
        wanted="", number=0, added=False,
    )  # fmt: skip
    for text in (SITE, SITE.replace(HOST, HOST + SCHEME)):
        seen = (config(text), BUILD, RUNNING, page(200))
        assert judge(CHECK, *seen, target=PASTED)
        assert not judge(CHECK, *seen, read, target=PASTED, masked=False)
        assert judge(CHECK, *seen, replace(read, stale=True), target=PASTED, masked=False)


def test_silent_where_django_believes_what_nginx_tells_it() -> None:
    read = replace(
        LACKING, topic="allowed_origin", source="file", new="", line="", wanted="", number=0,
        added=False,
    )  # fmt: skip
    seen = (BUILD, RUNNING, page(200), read)
    told = SITE.replace(HOST, HOST + SCHEME)
    assert not judge(CHECK, config(told), *seen, target=PASTED, masked=False)
    assert judge(CHECK, config(SITE), *seen, target=PASTED, masked=False)


def test_silent_where_nginx_tells_the_scheme_that_an_old_message_misses() -> None:
    words = (
        "HTTP Origin header (https://shop.example.com) didn't match request.base_url "
        "(http://shop.example.com)"
    )
    assert pasted(SITE, words)
    assert not pasted(SITE.replace(HOST, HOST + SCHEME), words)
    assert pasted(SITE.replace(HOST, HOST + SCHEME), words.replace("(http:", "(https:"))


GRAFANA = "origin not allowed"
KEPT = SITE.replace("location / {", "location /grafana/ {")
STATIC = KEPT.replace("        proxy_set_header Host $host;\n", "")


def told(text: str, words: str = f"grafana: {GRAFANA}") -> list[Claim]:
    target = replace(SHOP, path="/", symptom=Symptom("csrf", words))
    front = replace(page(200), url="https://shop.example.com/")
    return judge(CHECK, config(text), BUILD, RUNNING, front, target=target)


def test_fires_for_the_location_of_the_program_that_a_message_names() -> None:
    for words in (f"grafana: {GRAFANA}", GRAFANA):
        (claim,) = told(STATIC, words)
        assert claim.about.path == "/grafana/"
        assert "Host" in claim.facts["fields"]  # type: ignore[operator]
        assert claim.fix
        assert claim.fix.applicability is Applicability.REVIEW


def test_silent_where_that_location_passes_the_host_on_or_another_program_is_named() -> None:
    assert not told(KEPT)
    assert not told(STATIC.replace("/grafana/", "/prometheus/"))
    assert not told(STATIC, f"gitea: {WORDS}")
