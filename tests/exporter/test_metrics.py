"""What is exposed, as Prometheus' own tools read it."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from diagnose.exporter.metrics import ProbeMetrics, exposition
from tests.support.exporter import exporter, http_module, run, samples, write_config

PROMTOOL = shutil.which("promtool")
OPEN_METRICS = "application/openmetrics-text; version=1.0.0"


def failed_probe(folder: Path, **fields: str) -> Any:
    async def work() -> Any:
        async with exporter(write_config(folder, http_module())) as serve:
            return await serve.get("/probe?target=127.0.0.1:1", **fields)

    return run(work())


def test_both_formats_hold_the_same(tmp_path: Path) -> None:
    text = failed_probe(tmp_path, Accept="text/plain")
    open_metrics = failed_probe(tmp_path, Accept=OPEN_METRICS)
    assert open_metrics.headers["Content-Type"].startswith("application/openmetrics-text")
    assert open_metrics.text.endswith("# EOF\n")
    names = {name for name, _ in samples(text.text)}
    assert names == {name for name, _ in samples(open_metrics.text.removesuffix("# EOF\n"))}


@pytest.mark.skipif(PROMTOOL is None, reason="*** promtool is not here: apt install prometheus ***")
def test_promtool_reads_it(tmp_path: Path) -> None:
    text = failed_probe(tmp_path).text
    result = subprocess.run(
        [PROMTOOL or "", "check", "metrics"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "error while linting" not in result.stderr
    assert result.returncode in {0, 3}, result.stderr  # 3: it would name metrics otherwise


def test_a_metric_is_0_until_it_is_set_and_one_with_labels_absent() -> None:
    metrics = ProbeMetrics()
    metrics.declare("a", "A")
    metrics.declare_labelled("b", "B")
    assert samples(exposition(metrics)[0].decode()) == {("a", ()): 0}
    metrics.set("b", 1, label='x"\n')
    assert samples(exposition(metrics)[0].decode())["b", (("label", 'x"\n'),)] == 1


def test_a_label_is_bounded() -> None:
    metrics = ProbeMetrics()
    metrics.declare_labelled("b", "B")
    metrics.set("b", 1, label="x" * 100_000)
    assert len(exposition(metrics)[0]) < 3000
