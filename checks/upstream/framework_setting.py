"""The program's own source lacks what its web framework needs behind a proxy: Flask's ProxyFix,
Express's "trust proxy", Laravel's TrustProxies, the base path of Next.js or of a page's <base>.

A line that lacks proves nothing: many programs need none. Each finding needs the answer of the site
that it makes, and that the web server in front does not make.
"""

from collections.abc import Iterator

from checks.upstream._framework_answers import framework_proof
from checks.upstream._setting_fixes import restart_fix, setting_fix
from checks.upstream._setting_proofs import Proof
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.applications import ReadSetting
from diagnose.model.http import Exchange


@check(
    severity=Severity.ERROR,
    needs=[ReadSetting, Exchange],
    explains=[
        "http.host-refused", "upstream.host-not-allowed", "upstream.proxy-not-trusted",
        "http.redirect-downgrade", "http.redirect-loop", "http.no-redirect",
        "http.mixed-content", "http.form-over-http", "http.login-return-address",
        "http.application-setting", "http.base-path-missing", "http.page-file-missing",
        "http.page-file-type", "http.page-file-broken", "http.blank-page", "http.answer-says-why",
        "http.form-leaves-folder", "nginx.page-file-not-found", "nginx.file-elsewhere",
        "nginx.location-missing", "server.base-path-missing", "server.application-writes-http",
        "upstream.application-log", "upstream.origin-mismatch", "upstream.forces-https",
        "server.forces-https", "nginx.index-missing",
    ],
)  # fmt: skip
def framework_setting(evidence: Evidence) -> Iterator[Claim]:
    # Imported late: few sites have such a setting.
    from diagnose.parsers.frameworks import framework_of

    for read in evidence.good(ReadSetting):
        framework = framework_of(read.application)
        proof = framework_proof(evidence, read) if framework else None
        if framework is not None and proof is not None:
            yield _claim(evidence, framework.name, read, proof)


def _claim(evidence: Evidence, name: str, read: ReadSetting, proof: Proof) -> Claim:
    target = evidence.target
    subjects = proof.subjects(evidence, name)
    is_mild = "Location: http:" in proof.words or (
        read.topic == "session_cookie" and target.symptom is None
    )
    return Claim(
        about=subjects[0],
        covers=subjects,
        because=(read, *proof.answers),
        confidence=proof.confidence,
        # A redirect to http that comes back to https costs a round trip.
        severity=Severity.WARNING if is_mild else None,
        facts={
            "name": name,
            "key": read.key,
            "place": read.place,
            "file": read.file,
            "value": ", ".join(read.values),
            "stale": read.stale,
            "image": bool(read.container) and not read.new and read.source != "variable",
            "several": read.unsure,
            "variable": read.key.isupper() and not read.file,
            "build": " ".join(read.build),
            "process": read.process or name,
            "wanted": "" if read.new else "; ".join(read.wanted.split("\n")),
            "url": target.url,
            "answer_url": proof.url,
            "answer": proof.words,
            "control": proof.control,
            "proxy": read.proxy,
            "folder": read.folder,
            "unit": read.unit,
            "container": read.container,
            "engine": read.engine,
            "compose": read.compose,
            "service": read.service,
            "page": read.application == "base-element",
            "base": read.key.startswith("<base"),
            "razor": read.application == "blazor",
            "signature": "signature=" in proof.words,
            **{topic: read.topic == topic for topic in _TOPICS},
        },
        fix=restart_fix(read) if read.stale else setting_fix((read,)),
    )  # fmt: skip


_TOPICS = ("trusted_proxy", "allowed_host", "base_path", "session_cookie")
