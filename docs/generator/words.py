"""The words of the generated pages, in both languages."""

from diagnose.cli.help_text import EXIT_STATUSES

LANGUAGES = {"en": "English", "zh": "中文"}

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "checks": "All checks",
        "checks-about": "{count} checks. The address of a check's page does not change.",
        "layer": "Layer",
        "error": "error", "warning": "warning", "note": "note",
        "report": "In a report",
        "report-about": "A recorded run of the laboratory. This check names the cause:",
        "consequences": "Consequences",
        "consequences-about": "Where this check names the cause, these findings about the same "
        "subject are shown under it and are not counted:",
        "outside": "What it looks like from outside",
        "outside-about": "From another machine this fault was reported as:",
        "inside": "What may be behind it",
        "inside-about": "Seen from outside this is all that can be said. On the server, these "
        "causes were named for it in the laboratory:",
        "terminal": "In the terminal",
        "cli": "Command line",
        "cli-about": "Made from `diagnose --spec`, which prints all of this as JSON.",
        "option": "Option", "meaning": "Meaning", "values": "Values",
        "repeatable": "repeatable",
        "json": "JSON",
        "json-about": "Made from `diagnose --schema`. Schema version {version}. Within a major "
        "version fields are added, never renamed or removed: ignore fields that you do not know. "
        "Durations are seconds (`…_s`), times are RFC 3339 in UTC.",
        "json-lines": "JSON lines",
        "json-lines-about": "Made from `diagnose fleet --schema`: the lines of `diagnose fleet` and of "
        "`diagnose watch --jsonl`, told apart by `type`. The promises of [JSON](json.md) hold for them.",
        "field": "Field", "type": "Type", "may-be-absent": "may be absent",
        "metrics": "Metrics",
        "metrics-about": "The metrics of `--format prometheus`. Every metric also has the "
        "label `target`, except `diagnose_build_info`. The names that begin with `probe_` are "
        "those of blackbox_exporter, and mean the same. Times are seconds, expiries are seconds "
        "since 1970.",
        "exporter-metrics": "The exporter",
        "exporter-metrics-about": "The metrics of `diagnose serve`, besides the `diagnose_…` above, "
        "which have no label `target` there. Which of them an answer of `/probe` holds depends on "
        "the prober of the module. `/metrics` holds `blackbox_…`, `diagnose_build_info` and "
        "`diagnose_exporter_…`, and those of the process (`process_…`).",
        "metric": "Metric", "labels": "Labels",
        "exit": "Exit status",
        "exit-about": "The same for a shell, Nagios, Icinga and Consul. With `--nagios` every "
        "status above 3 becomes 3, because plugins know no other.",
        "status": "Status",
        **{f"exit-{code}": meaning for code, meaning in EXIT_STATUSES.items()},
        "look-alike-causes": "Causes that were named on the server",
        "message": "Message", "read-as": "Read as",
        "application": "Application", "known-of": "What its documentation asks of a proxy",
    },
    "zh": {
        "checks": "所有检查",
        "checks-about": "共 {count} 项检查。每项检查的页面地址固定不变。",
        "layer": "层",
        "error": "错误", "warning": "警告", "note": "提示",
        "report": "报告示例",
        "report-about": "实验环境中的一次真实运行。根本原因由这项检查给出：",
        "consequences": "后果",
        "consequences-about": "当这项检查给出根本原因时，关于同一对象的下列发现会列在它下面，不单独计数：",
        "outside": "从外部看到的现象",
        "outside-about": "从另一台机器检查时，这个故障被报告为：",
        "inside": "可能的原因",
        "inside-about": "从外部只能看到这一步。在实验环境的服务器上，查明的原因有：",
        "terminal": "在终端中查看",
        "cli": "命令行",
        "cli-about": "由 `diagnose --spec` 生成，该命令以 JSON 输出全部内容。",
        "option": "选项", "meaning": "含义", "values": "取值",
        "repeatable": "可重复",
        "json": "JSON",
        "json-about": "由 `diagnose --schema` 生成。模式版本 {version}。同一主版本内只增加字段，不改名也不删除："
        "请忽略不认识的字段。时长以秒为单位（`…_s`），时间为 RFC 3339 格式的 UTC 时间。",
        "json-lines": "JSON 行",
        "json-lines-about": "由 `diagnose fleet --schema` 生成：`diagnose fleet` 和 `diagnose watch --jsonl` 输出的每一行，"
        "以 `type` 区分。[JSON](json.md) 的承诺同样适用。",
        "field": "字段", "type": "类型", "may-be-absent": "可能不存在",
        "metrics": "指标",
        "metrics-about": "`--format prometheus` 的指标。除 `diagnose_build_info` 外，每个指标都带有标签 "
        "`target`。以 `probe_` 开头的名称与 blackbox_exporter 相同，含义也相同。时长以秒为单位，到期时间为"
        "自 1970 年起的秒数。",
        "exporter-metrics": "exporter",
        "exporter-metrics-about": "`diagnose serve` 的指标；上面的 `diagnose_…` 它也有，但没有标签 `target`。`/probe` 的"
        "回答包含其中哪些，取决于模块的 prober。`/metrics` 包含 `blackbox_…`、`diagnose_build_info` 和 "
        "`diagnose_exporter_…`，以及进程的指标（`process_…`）。",
        "metric": "指标", "labels": "标签",
        "exit": "退出状态",
        "exit-about": "对 shell、Nagios、Icinga 和 Consul 含义相同。使用 `--nagios` 时，大于 3 的状态一律变为 3，"
        "因为插件只认识这几个值。",
        "status": "状态",
        "exit-0": "正常", "exit-1": "警告", "exit-2": "严重", "exit-3": "未知：无法判断", "exit-64": "用法错误",
        "exit-70": "diagnose 自身的错误", "exit-78": "配置或队列无法使用", "exit-130": "被 SIGINT 结束", "exit-143": "被 SIGTERM 结束",
        "look-alike-causes": "在服务器上查明的原因",
        "message": "错误信息", "read-as": "理解为",
        "application": "应用", "known-of": "它的文档对代理的要求",
    },
}  # fmt: skip


def word(key: str, lang: str, **values: object) -> str:
    """Return a text of the generated pages."""
    return WORDS[lang][key].format(**values)
