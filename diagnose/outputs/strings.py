"""What the outputs say around the checks' own words, in both languages side by side.

Never translated: ids, commands, paths, keys of JSON, and what machines said.
"""

_STRINGS = {
    # The verdict
    "ok": ("OK", "正常"),
    "warning": ("WARNING", "警告"),
    "critical": ("CRITICAL", "严重"),
    "unknown": ("UNKNOWN", "无法判断"),
    "healthy": ("{url} is healthy.", "{url} 一切正常。"),
    "unjudged": ("{url} could not be judged.", "无法判断 {url} 的状况。"),
    "unjudged-why": ("{url} could not be judged: {why}.", "无法判断 {url} 的状况：{why}。"),
    "more-causes": ("{title} (and {count} more)", "{title}（另有 {count} 个问题）"),
    "likely-title": ("Probably: {title}", "很可能：{title}"),
    "possible-title": ("Possibly: {title}", "可能：{title}"),
    "certificate-days": (
        "The certificate is valid for {days} more days.",
        "证书还有 {days} 天有效。",
    ),
    "interrupted": (
        "Interrupted: this is what was known by then.",
        "已中断：以下是到那时为止已知的情况。",
    ),
    "interrupted-why": ("the run was interrupted", "运行被中断"),
    "read-as": ("read as {read_as}", "读作 {read_as}"),
    # Layers
    "layer.host": ("host", "主机"),
    "layer.dns": ("DNS", "DNS"),
    "layer.cloud": ("cloud", "云"),
    "layer.tcp": ("TCP", "TCP"),
    "layer.listener": ("listener", "监听"),
    "layer.firewall": ("firewall", "防火墙"),
    "layer.nginx": ("nginx", "nginx"),
    "layer.tls": ("TLS", "TLS"),
    "layer.certificate": ("certificate", "证书"),
    "layer.http": ("HTTP", "HTTP"),
    "layer.upstream": ("upstream", "上游"),
    "layer.websocket": ("WebSocket", "WebSocket"),
    "reason.inside": ("only a look inside the server shows it", "只有在服务器内部才能看到"),
    "reason.not-reached": ("nothing got that far", "未能到达这一层"),
    "reason.not-asked": ("not asked for", "未要求检查"),
    # Findings
    "error": ("error", "错误"),
    "warn": ("warning", "警告"),
    "note": ("note", "提示"),
    "certain": ("certain", "确定"),
    "likely": ("likely", "很可能"),
    "possible": ("possible", "有可能"),
    "why": ("seen", "依据"),
    "why-inside": ("seen on the server", "依据（服务器上）"),
    "more-evidence": ("{count} more: see -v", "另有 {count} 条：用 -v 查看"),
    "ruled-out": ("ruled out", "已排除"),
    "symptoms": ("explains:", "由此引起："),
    # Remedies
    "fix": ("fix", "修复"),
    "automatic": ("safe to run as it stands", "可直接执行"),
    "review": ("read it before you run it", "请先审阅再执行"),
    "manual": ("by hand", "需人工操作"),
    "server": ("on the server", "在服务器上"),
    "client": ("on this machine", "在本机上"),
    "cloud-console": ("in the cloud's console", "在云控制台"),
    "dns-provider": ("at the DNS provider", "在域名解析服务商处"),
    "application": ("in the application", "在应用程序中"),
    "as-root": (", as root:", "，以 root 身份："),
    "as-anyone": (":", "："),
    "how": (" ({how})", "（{how}）"),
    "verify": ("verify", "验证"),
    "undo": ("undo", "撤销"),
    # What else
    "not-seen": ("not seen", "未能查看"),
    "our-fault": ("a fault of diagnose itself", "diagnose 自身的故障"),
    "run": ("the rest of the run", "其余部分"),
    "deadline": ("the time allowed was over", "已到时限"),
    "needs-root": ("needs root", "需要 root 权限"),
    "count.causes": ("{count} root cause", "{count} 个根本原因"),
    "count.causes.n": ("{count} root causes", "{count} 个根本原因"),
    "count.symptoms": ("{count} consequence", "{count} 个后果"),
    "count.symptoms.n": ("{count} consequences", "{count} 个后果"),
    "count.notes": ("{count} note", "{count} 条提示"),
    "count.notes.n": ("{count} notes", "{count} 条提示"),
    "next": ("next", "下一步"),
    "timeline": ("timeline", "时间线"),
    # explain and list
    "steps-here": (
        "The exact steps are printed with the finding.",
        "具体步骤随检查结果一并打印。",
    ),
    # demo
    "demo": (
        "A site on loopback, made for this run: real servers, real TLS, and one fault. "
        "https://{host}/ and its WebSocket at {path}, as `diagnose https://{host}/ --ws {path}` "
        "sees them:",
        "一个只为本次运行而建、位于本机回环地址上的站点：真实的服务器、真实的 TLS 和一处故障。"
        "以下是 `diagnose https://{host}/ --ws {path}` 所见：",
    ),
}  # fmt: skip


def say(key: str, lang: str, **facts: object) -> str:
    """A text in a language, filled."""
    text = _STRINGS[key][lang == "zh"]
    return text.format(**facts) if facts else text


def counted(key: str, count: int, lang: str) -> str:
    """ "1 note", "2 notes"."""
    return say(key if count == 1 else f"{key}.n", lang, count=count)


def known(key: str, lang: str) -> str:
    """The text of a key if there is one; else the key itself, which then is a text already."""
    return _STRINGS[key][lang == "zh"] if key in _STRINGS else key
