"""The texts of the outputs besides the checks' own texts, in both languages.

Not translated: ids, commands, paths, JSON keys, and messages of machines.
"""

_STRINGS = {
    # The verdict
    "ok": ("OK", "正常"),
    "warning": ("WARNING", "警告"),
    "critical": ("CRITICAL", "严重"),
    "unknown": ("UNKNOWN", "无法判断"),
    "healthy": ("{url} is healthy.", "{url} 一切正常。"),
    "healthy-only": (
        "{url}: {layers} healthy. Nothing else was judged.",
        "{url}：{layers} 正常。未判断其他各层。",
    ),
    "healthy-but": (
        "{url} is healthy. Not judged: {layers}.",
        "{url} 一切正常。未判断：{layers}。",
    ),
    "healthy-inside": (
        "{url} is healthy, as far as its server shows. What visitors meet was not judged.",
        "{url} 在服务器内部看来一切正常。未判断访客遇到的情况。",
    ),
    "unjudged-why": ("{url} could not be judged: {why}.", "无法判断 {url} 的状况：{why}。"),
    "more-causes": ("{title} (and {count} more)", "{title}（另有 {count} 个问题）"),
    "likely-title": ("Probably: {title}", "很可能：{title}"),
    "possible-title": ("Possibly: {title}", "可能：{title}"),
    "certificate-days": (
        "The certificate is valid for {days} more days.",
        "证书还有 {days} 天有效。",
    ),
    "certificate-until": ("The certificate is valid until {date}.", "证书有效期至 {date}。"),
    "interrupted": (
        "Interrupted: this is what was known by then.",
        "已中断：以下是到那时为止已知的情况。",
    ),
    # Missing proof
    "missing": ("not seen: {what}", "未看到：{what}"),
    "missing.why": ("{what} ({why})", "{what}（{why}）"),
    "missing.addresses": ("the addresses of {places}", "{places} 的地址"),
    "missing.connection": ("a connection to {places}", "到 {places} 的连接"),
    "missing.handshake": ("a TLS handshake with {places}", "与 {places} 的 TLS 握手"),
    "missing.verification": (
        "a verified certificate from {places}",
        "{places} 的证书通过验证",
    ),
    "missing.answer": ("an HTTP answer from {places}", "{places} 的 HTTP 响应"),
    "missing.websocket": (
        "a WebSocket that opens at {places}",
        "{places} 的 WebSocket 成功打开",
    ),
    "missing.listener": ("a listener on {places}", "{places} 上的监听"),
    "missing.layer": ("anything of the layer {layer}", "{layer} 层的任何内容"),
    "it-was-interrupted": ("the run was interrupted", "运行被中断"),
    "running": ("the run goes on", "检查仍在进行"),
    "read-as": ("read as {read_as}", "按 {read_as} 检查"),
    "judged-for": ("judged for the visitor {address}", "针对访客 {address} 判断"),
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
    "reason.not-read": ("security groups are not read", "不读取安全组"),
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
    # Fixes
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
    "risk": ("risk", "风险"),
    "risk.and": ("; ", "；"),
    "risk.none": ("none, it only looks", "无，只查看"),
    "risk.opens-to-all": ("opens the port to everybody", "向所有人开放端口"),
    "risk.opens-to-some": ("lets in an address that was kept out", "放行被拦截的地址"),
    "risk.interrupts": ("restarts a service, open connections break", "重启服务，现有连接会中断"),
    "risk.stops": ("stops a program", "停止程序"),
    "risk.starts": ("starts a program", "启动程序"),
    "risk.reloads": ("reloads, open connections stay", "重新加载，现有连接不受影响"),
    "risk.changes-access": ("changes who may use a file or port", "改变文件或端口的使用权限"),
    "risk.removes-files": ("removes a file", "删除文件"),
    "risk.edits-files": ("changes files", "修改文件"),
    "risk.orders-certificate": ("requests a certificate", "申请证书"),
    "risk.changes-kernel": ("changes a setting of the kernel", "修改内核参数"),
    "risk.changes-network": ("changes the network, which may cut you off", "修改网络，可能断线"),
    "risk.changes-system": ("changes the system", "更改系统"),
    "risk.by-hand": ("depends on how it is done", "取决于如何操作"),
    "verify": ("verify", "验证"),
    "undo": ("undo", "撤销"),
    # Other
    "not-seen": ("not seen", "未能查看"),
    "our-fault": ("a fault of diagnose itself", "diagnose 自身的故障"),
    "run": ("the rest of the run", "其余部分"),
    "deadline": ("the time allowed was over", "已到时限"),
    "the-way-to-this-server": (
        "what lies between visitors and this server, such as a security group",
        "访客与本服务器之间的环节，例如安全组",
    ),
    "seen-from-another-machine-only": (
        "it shows only from another machine",
        "只有从另一台机器上才能看到",
    ),
    "needs-root": ("needs root", "需要 root 权限"),
    "it-runs-in-a-container": ("it runs in a container", "它运行在容器中"),
    "another-user-runs-it": ("another user runs it", "它由其他用户运行"),
    "logged-to-no-file": ("logged to no file", "日志没有写入文件"),
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
    # fix
    "fix.ask": ("Do this?", "执行以上步骤吗？"),
    "fix.nothing-done": ("Nothing was changed.", "未作任何更改。"),
    "fix.nothing-wrong": ("There is nothing to fix.", "没有需要修复的问题。"),
    "fix.elsewhere": (
        "This machine is not the server. Run it there, or add --server ssh://root@HOST.",
        "本机不是该服务器。请在服务器上运行，或加上 --server ssh://root@HOST。",
    ),
    "fix.edit": ("edit {path}", "修改 {path}"),
    "fix.looking": ("looking again", "重新检查"),
    "fix.further": (
        "nginx names another fault now; nothing is loaded before that one is mended too",
        "nginx 现在指出了另一处错误；在它也被修复之前，不会加载任何更改",
    ),
    "fix.undoing": ("taking it back", "正在撤销"),
    "fix.healed": (
        "  It helped. `diagnose fix --undo` takes it back; copies are in {folder}.",
        "  已修复。`diagnose fix --undo` 可以撤销；备份在 {folder}。",
    ),
    "fix.healed-but": (
        "  It helped. `diagnose fix --undo` takes it back, but for this: {steps}. Copies are in "
        "{folder}.",
        "  已修复。`diagnose fix --undo` 可以撤销，但 {steps} 除外；备份在 {folder}。",
    ),
    "fix.healed-for-good": (
        "  It helped, and nothing takes it back: {steps}.",
        "  已修复，且无法撤销：{steps}。",
    ),
    "fix.rolled-back-but": (
        "  It did not help ({why}) and was taken back, but for this:",
        "  没有奏效（{why}），已撤销，但以下各项除外：",
    ),
    "fix.rolled-back": (
        "  It did not help and was taken back: {why}.",
        "  没有奏效，已全部撤销：{why}。",
    ),
    "fix.untouched": ("  Nothing was changed: {why}.", "  未作任何更改：{why}。"),
    "fix.stuck": (
        "  It could not be taken back: {why}.",
        "  无法撤销：{why}。",
    ),
    "fix.cut-off": (
        "Cut off. `diagnose fix --undo` takes back what was done, `--resume` goes on.",
        "已中断。`diagnose fix --undo` 撤销已做的更改，`--resume` 继续执行。",
    ),
    "fix.busy": (
        "  A fix for {check} ({target}, {at}) is under way or was cut off. If nobody is at it: "
        "`diagnose fix --undo` takes it back, `--resume` goes on.",
        "  针对 {check} 的修复（{target}，{at}）正在进行或曾被中断。如果没有人在操作："
        "`diagnose fix --undo` 撤销，`--resume` 继续。",
    ),
    "fix.busy-unknown": (
        "  Another fix is being prepared, or was cut off before it changed anything. If nobody "
        "is at it: `diagnose fix --undo` forgets it.",
        "  另一个修复正在准备，或在作出更改之前被中断。如果没有人在操作："
        "`diagnose fix --undo` 会清除它。",
    ),
    "fix.left.none": (
        "No remedy is known that a program could carry out.",
        "没有可由程序执行的修复方法。",
    ),
    "fix.left.manual": ("Only a person can do this:", "需要人工操作："),
    "fix.left.review": (
        "Its steps are to be read by a person first:",
        "请先审阅步骤再执行：",
    ),
    "fix.left.client": (
        "Its steps are not on the server:",
        "其步骤不在服务器上执行：",
    ),
    "undo.this": (
        "To be taken back: {check} ({target}, {at})",
        "将撤销：{check}（{target}，{at}）",
    ),
    "undo.ask": ("Take it back?", "撤销吗？"),
    "undo.restore": ("put {path} back as it was", "将 {path} 恢复原状"),
    "undo.stays": (
        "{step}: nothing takes this back, and what it did stays.",
        "{step}：无法撤销，其效果将保留。",
    ),
    "undo.failed": (
        "{step}: it failed ({why}), and what it was to take back may still be there.",
        "{step}：执行失败（{why}），本应由它撤销的更改可能仍在。",
    ),
    "undo.not-read": (
        "{step}: it failed ({why}). The files are as they were; what runs goes on with what it had "
        "read before.",
        "{step}：执行失败（{why}）。文件已恢复原状；正在运行的程序仍沿用此前读取的内容。",
    ),
    "undo.done": ("All is as it was before.", "一切已恢复原状。"),
    "undo.done-but": (
        "All is as it was before, but for this:",
        "除以下各项外，一切已恢复原状：",
    ),
    "undo.none": ("Nothing of it could be taken back:", "以下步骤均无法撤销："),
    "undo.by-itself": (
        "The remedy of {check} on {target}, begun {at}, was cut off: nothing was heard of it for "
        "120 s, and the server took it back by itself.",
        "对 {target} 执行的 {check} 修复（开始于 {at}）曾中断：服务器在 120 秒内未收到任何消息，"
        "已自动撤销该修复。",
    ),
    "undo.nothing": ("There is nothing to take back.", "没有可撤销的修复。"),
    "resume.nothing": ("No fix was cut off.", "没有被中断的修复。"),
    "resume.this": (
        "To be gone on with: {check} ({target}, {at})",
        "将继续：{check}（{target}，{at}）",
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


def translate(key: str, lang: str, **facts: object) -> str:
    """Return a text in a language, with its facts filled in."""
    text = _STRINGS[key][lang == "zh"]
    return text.format(**facts) if facts else text


def plural_text(key: str, count: int, lang: str) -> str:
    """Return a text with a number: "1 note", "2 notes"."""
    return translate(key if count == 1 else f"{key}.n", lang, count=count)


def text_or_key(key: str, lang: str) -> str:
    """Return the text of a key, or the key itself if it is not one but a text."""
    for candidate in (key, key.replace(" ", "-")):
        if candidate in _STRINGS:
            return _STRINGS[candidate][lang == "zh"]
    return key
