"""The pulse beside a probe: it asks what the module does not, here port 80 of a site with TLS."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.support.changing_site import ChangingSite, changing_site
from tests.support.exporter import Exporter, exporter, http_module, run, write_config


def probed(folder: Path, work: Any) -> Any:
    """Do some work with an exporter and a site that was diagnosed as a whole."""

    async def with_site() -> Any:
        async with changing_site() as site:
            cafile = folder / "ca.pem"
            site.authority.cert_pem.write_to_path(cafile)
            file = write_config(folder, http_module(tls_config={"ca_file": str(cafile)}))
            async with exporter(file) as serve:
                first = await serve.probe(site.url)
                assert first.value("diagnose_pulse") is None
                await serve.diagnosed(site.url)
                return await work(serve, site)

    return run(with_site())


def test_a_pulse_that_differs_from_nothing_is_one(tmp_path: Path) -> None:
    async def work(serve: Exporter, site: ChangingSite) -> Any:
        site.paths.clear()
        answer = await serve.probe(site.url)
        # The module's own request, and no diagnosis.
        assert site.paths == ["/"]
        return answer

    answer = probed(tmp_path, work)
    assert answer.value("diagnose_pulse") == 1
    assert answer.value("probe_success") == 1


def test_a_pulse_that_differs_is_followed_by_the_whole_diagnosis(tmp_path: Path) -> None:
    async def work(serve: Exporter, site: ChangingSite) -> Any:
        key = ("http_2xx", site.url, "")
        entry = serve.service.diagnoses._entries[key]
        assert entry.conclusion is not None
        expected = entry.conclusion.expected
        ((question, address, path),) = [
            outcome for outcome in expected.outcomes if outcome[0] == "http"
        ]
        # As if port 80 had redirected when the last diagnosis was made.
        outcomes = {**expected.outcomes, (question, address, path): frozenset({"301 https://a/"})}
        before = entry.conclusion.finished_at
        entry.conclusion = replace(entry.conclusion, expected=replace(expected, outcomes=outcomes))
        answer = await serve.probe(site.url)
        await serve.diagnosed(site.url)
        assert entry.conclusion.finished_at > before
        return answer, await serve.probe(site.url)

    differing, next_one = probed(tmp_path, work)
    assert (differing.value("diagnose_pulse"), differing.value("probe_success")) == (0, 1)
    assert next_one.value("diagnose_pulse") == 1
