"""The page belongs to an application in a sub-folder, and asks for its files at the root of the
site, where another location answers.

The application does not know of the sub-folder, so it names its files "/static/app.js". Or it names
them "static/app.js", and the page's address lacks the slash at its end, so that browsers look
beside the folder (RFC 3986 section 5.2.3). The evidence is the file itself: it is served below the
page's path. Where nginx is in front, the application itself shows whether a field tells it the
sub-folder; if none does, nginx can replace the addresses in its page (ngx_http_sub_module).
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.http import _page_files
from checks.http._forwarded_prefixes import ForwardedPrefix, forwarded_prefix
from checks.http._missing_slashes import doubles_slash, names_beside, page_location
from checks.nginx import Nginx, file_line
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import location_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.pages import Page, PageFileResponse, PageFileTrial
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern
from diagnose.parsers.urls import parse_url


@check(
    severity=Severity.WARNING,
    needs=[Page, PageFileResponse, PageFileTrial],
    explains=[
        "http.form-leaves-folder", "http.page-file-missing", "http.page-file-type",
        "nginx.file-elsewhere", "nginx.page-file-not-found", "nginx.page-file-forbidden",
        "nginx.types-missing", "server.other-requests-failed",
    ],
)  # fmt: skip
def base_path_missing(evidence: Evidence) -> Iterator[Claim]:
    page, nginx = _page_files.page_of(evidence), Nginx.of(evidence)
    url = parse_url(page.url) if page else None
    match = page_location(nginx, url.path if url else "/")
    doubles = match is not None and doubles_slash(nginx, match)
    trials = (trial for trial in evidence.good(PageFileTrial) if _is_below(trial, page, doubles))
    trial = next(trials, None)
    refused = _page_files.refused_files(evidence, of_sheets=True)
    missing = [file for file in refused if trial and file.response.url == trial.file]
    if page is None or trial is None or not missing:
        return
    from checks.http._known_application import own_setting
    from checks.http._slash_redirects import apache_slash_fix, product_of

    product = "nginx" if match else product_of(evidence)
    lacks_slash = names_beside(page, trial)
    prefix_place = (
        forwarded_prefix(evidence, nginx, match, trial) if not lacks_slash else ForwardedPrefix()
    )
    urls = [file.response.url for file in refused]
    from checks.upstream._own_remedy import with_own_remedy

    claim = Claim(
        about=_page_files.page_subject(page),
        because=(page, missing[0].response, trial, *prefix_place.trials),
        severity=_page_files.severity(page, urls),
        confidence=Confidence.CERTAIN if trial.is_used else Confidence.LIKELY,
        location=nginx.location(match.block) if match else None,
        facts={
            "page": page.url,
            "file": trial.file,
            "status": missing[0].response.status,
            "tried": trial.url,
            "prefix": trial.prefix,
            "slash": lacks_slash,
            "served": trial.is_used,
            "sheet": missing[0].response.sheet,
            "doubles": doubles and lacks_slash,
            **own_setting(evidence, "base_path", "public_url"),
            "field": prefix_place.field,
            "filters": prefix_place.filters,
            "place": file_line(match.block) if match else "",
            "apache": product == "apache",
            "nginx": product in {"", "nginx"},
            "other": product in {"caddy", "haproxy"},
            "location": match.block.text if match else "",
        },
        fix=prefix_place.fix
        or (apache_slash_fix(evidence, trial.prefix) if lacks_slash and not match else None)
        or _fix(nginx, match, trial.prefix, lacks_slash, doubles),
    )
    claim = with_own_remedy(evidence, claim, "base_path", "public_url", only_read=True)
    yield _of_front_end(evidence, claim, page, match)


def _of_front_end(
    evidence: Evidence, claim: Claim, page: Page, match: LocationMatch | None
) -> Claim:
    """Return the claim with the setting of the tool that built the page, and with the edit that
    brings its files at once, where nothing better is known."""
    steps = claim.fix.steps if claim.fix else ()
    is_told = [step.step for step in steps if isinstance(step, Manual)] == ["tell-the-base-path"]
    prefix = str(claim.facts["prefix"])
    if not is_told or len(steps) != 1 or claim.facts["setting"]:
        return claim
    # Imported late: few pages are in a folder that they do not know.
    from checks.http._front_ends import files_in_folder_fix, front_end_facts
    from checks.server._folder_files import folder_files_fix

    facts = front_end_facts(page, prefix)
    if not facts["built_by"]:
        own = folder_files_fix(evidence, prefix, "tell-the-base-path")
        return replace(claim, fix=own) if own else claim
    fix = (
        files_in_folder_fix(evidence, match, prefix, "build-for-the-folder")
        or folder_files_fix(evidence, prefix, "build-for-the-folder")
        or Fix((Manual("build-for-the-folder", Where.APPLICATION),), Applicability.MANUAL)
    )
    return replace(claim, facts={**claim.facts, **facts, "found": len(fix.steps) > 1}, fix=fix)


def _is_below(trial: PageFileTrial, page: Page | None, doubles: bool) -> bool:
    """Return whether the file is below the page's path, or would be if nginx did not ask the
    application for it with two slashes."""
    lacks_slash = page is not None and names_beside(page, trial)
    return trial.is_used or (doubles and lacks_slash)


def _fix(
    nginx: Nginx, match: LocationMatch | None, prefix: str, lacks_slash: bool, doubles: bool
) -> Fix:
    """Redirect to the address with the slash; a location that ends with one does it itself. What an
    application in a sub-folder needs, it has to be told by a person."""
    if not lacks_slash:
        return Fix((Manual("tell-the-base-path", Where.APPLICATION),), Applicability.MANUAL)
    pattern = location_pattern(match.block) if match else None
    file = nginx.file(match.block) if match else None
    if match and file and pattern and doubles and pattern.text == prefix:
        words = " ".join((*match.block.args[:-1], f"{prefix}/"))
        whole = TextEdit(match.block.start, match.block.opened, f"location {words} {{")
        if file_edits := config_edits(nginx, {file.path: [whole]}):
            return location_fix(nginx, match, file_edits, sure=False)
    if match and file and pattern and not doubles and pattern.modifier in {"", "^~"}:
        lines = [f"location = {prefix} {{", f"    return 301 {prefix}/$is_args$args;", "}"]
        change = edits.insert_before(file.text, match.block, lines)
        file_edits = config_edits(nginx, {file.path: [change]}) if pattern.text == prefix else ()
        if file_edits:
            return location_fix(nginx, match, file_edits, sure=False)
    return Fix((Manual("add-the-slash", Where.SERVER),), Applicability.MANUAL)
