from dataclasses import replace

from diagnose.model import Applicability, Claim, Confidence, Edit, Symptom
from diagnose.model.web_servers import ServerFile
from tests.support.caddy_evidence import CADDY, CONFIG, SITE, caddy_config
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER

CHECK = "server.caddy-empty-when-unchanged"
ERRORS = """\
	handle_errors {
		rewrite * /index.html
		file_server {
			status 200
		}
	}
"""
TOLD = replace(SHOP, symptom=Symptom("blank", "blank page on the second visit"))


def put(errors: str = ERRORS, told: bool = True, status: int = 200) -> list[Claim]:
    text = SITE.replace("\treverse_proxy 127.0.0.1:3000\n", f"\tfile_server\n{errors}")
    conf = caddy_config()
    sites = tuple(replace(site, end=len(text.split("\n"))) for site in conf.sites)
    conf = replace(conf, files=(ServerFile(CONFIG, text),), sites=sites)
    page = replace(ANSWER, status=status)
    return judge(CHECK, CADDY, conf, page, target=TOLD if told else SHOP, masked=False)


def test_fires_for_the_words_of_a_blank_page() -> None:
    (claim,) = put()
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["place"] == f"{CONFIG}:7"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "\n+\t\trequest_header -If-None-Match\n" in edit.diff


def test_silent_without_the_words_or_the_status() -> None:
    assert not put(told=False)
    assert not put(status=404)
    assert not put(ERRORS.replace("status 200", "status 404"))
    assert not put(ERRORS.replace("handle_errors", "handle"))
    assert not put(ERRORS.replace("\t\trew", "\t\trequest_header -If-None-Match\n\t\trew"))
    assert not put("")
