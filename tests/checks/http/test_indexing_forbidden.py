"""http.indexing-forbidden: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Target
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.upstream_evidence import page

CHECK = "http.indexing-forbidden"
WORDS = "nginx 'x-robots-tag' header prevents indexing"
NOINDEX = "noindex, nofollow, noarchive"


def answer(*values: str, body: str = "") -> Exchange:
    fields = tuple(("X-Robots-Tag", value) for value in values)
    return replace(page(200), headers=fields, body=body or page(200).body)


def told(words: str = WORDS) -> Target:
    return replace(SHOP, symptom=Symptom("other", words))


@pytest.mark.parametrize(
    "words",
    [
        WORDS,
        "Excluded by 'noindex' tag in Google Search Console",
        "Google does not index my site",
        "How can I get Google to index my site?",
        "our page doesn't show up in Google search",
        "URL is not on Google: noindex",
        "my site cannot be found by search engines",
        "网站一直没有被收录",
        "Meine Seite wird von keiner Suchmaschine gefunden",
        "mon site n'est pas indexé, les moteurs de recherche l'ignorent",
        "Сайт не находят поисковики",
    ],
)
def test_fires_where_a_person_misses_the_site_in_search_engines(words: str) -> None:
    """After issue 20 of grav_ynh."""
    (claim,) = judge(CHECK, answer(NOINDEX), target=told(words))
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["value"] == NOINDEX
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_and_takes_nginxs_line_out() -> None:
    line = f'add_header X-Robots-Tag "{NOINDEX}";\n        proxy_set_header'
    site = config(SITE.replace("proxy_set_header", line, 1))
    (claim,) = judge(CHECK, RUNNING, site, answer(NOINDEX), target=told())
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "-        add_header X-Robots-Tag" in str(claim.fix.steps[0]).replace("\\n", "\n")


def test_fires_on_the_element_of_the_page() -> None:
    body = '<head><META NAME="robots" content="noindex,follow"></head>'
    (claim,) = judge(CHECK, answer(body=body), target=told(), masked=False)
    assert (claim.facts["field"], claim.facts["value"]) == (False, "noindex,follow")


@pytest.mark.parametrize(
    "value", ["googlebot: noindex", "none", "unavailable_after: 2030, noindex"]
)
def test_fires_on_the_rule_for_a_search_engine(value: str) -> None:
    assert judge(CHECK, answer(value), target=told())


@pytest.mark.parametrize(
    "value", ["noarchive, nosnippet", "all", "adsbot: noindex", "max-snippet: 50", "noindexing"]
)
def test_silent_where_search_engines_may_show_the_page(value: str) -> None:
    assert not judge(CHECK, answer(value), target=told())
    body = '<p>meta name="robots" content="noindex"</p><meta name="robots" content="index">'
    assert not judge(CHECK, answer(body=body), target=told())


@pytest.mark.parametrize(
    "words",
    [
        "the page is slow",
        "how to prevent Google from indexing my staging site",
        "my staging site is still indexed by Google",
        "如何禁止搜索引擎收录",
        "I set X-Robots-Tag noindex but Google indexes it anyway",
        "Google ignores my noindex tag",
        "X-Robots-Tag noindex doesn't work",
        "How do I keep my site out of Google search?",
        "How to add X-Robots-Tag noindex in nginx",
        "we don't want Google to index this site",
        "the dev site should not be indexed by Google",
        "Google indexiert unsere Testseite trotz noindex",
        "网站设置了noindex还是被百度收录",
    ],
)
def test_silent_where_nobody_misses_it(words: str) -> None:
    assert not judge(CHECK, answer(NOINDEX), target=told(words))
    assert not judge(CHECK, answer(NOINDEX))
