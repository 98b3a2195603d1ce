"""Case packages: what their members are, the page that a clerk opens first, and the note beside it."""

MESSAGES: dict[str, tuple[str, str]] = {
    "case.about-files": (
        "原件",
        "original",
    ),
    "case.about-index": (
        "本索引",
        "this index",
    ),
    "case.about-page": (
        "{kind}（供阅读，内含证书）",
        "{kind} (to be read; the certificate is inside)",
    ),
    "case.about-policy": (
        "验证策略：请与公布的公钥核对，勿因其在此而信任",
        "policy: compare it with the published keys; do not trust it because it is here",
    ),
    "case.about-proof": (
        "证书：{kind}，{time}",
        "certificate: {kind}, {time}",
    ),
    "case.about-readme": (
        "先读此文件",
        "read this first",
    ),
    "case.about-verifier": (
        "离线核验程序（Python 3.11 以上）",
        "offline verifier (Python 3.11 or later)",
    ),
    "case.about-verify": (
        "离线核验页面（用浏览器打开）",
        "offline verifier (open it in a browser)",
    ),
    "case.column-about": (
        "说明",
        "what it is",
    ),
    "case.column-file": (
        "文件",
        "file",
    ),
    "case.ended": (
        "已失效",
        "no longer in force",
    ),
    "case.in-force": (
        "有效",
        "in force",
    ),
    "case.index-check": (
        "每份 .tlog-proof 都可离线核验，无须询问任何平台：用浏览器打开 verify.html，放入整个材料包；或运行 yuanzheng case check。策略文件应取自您信任的来源。",
        "Every .tlog-proof verifies offline, without asking any platform: open verify.html in a browser and give it the whole package, or run yuanzheng case check. Take the policy from a source that you trust.",
    ),
    "case.index-root": (
        "各文件的 SHA-256 列于下表和“{list}”。其根哈希由移交条目载明，由接收方签收。",
        "The SHA-256 of every file stands in the table below and in “{list}”. Their root stands in the hand-over entry, which the recipient signs.",
    ),
    "case.index-title": (
        "移交材料索引",
        "Index of materials handed over",
    ),
    "case.index-work": (
        "接收方：{to}。作品登记：{work}，现状：{state}（权利人 {owners}，许可 {licences}，质押 {pledges}，异议 {objections}）。",
        "Recipient: {to}. Registration of the work: {work}, {state} (owners {owners}, licences {licences}, pledges {pledges}, objections {objections}).",
    ),
    "case.platform": (
        "网络平台",
        "online platform",
    ),
    "case.readme": (
        "移交材料（接收方：{to}）\n\n1. 打开“{index}”查看全部材料。\n2. 全部材料可离线核验：用浏览器打开 verify.html，放入整个材料包；或运行 yuanzheng case check。\n   单份证书也可以用 yuanzheng-verify.pyz 核验。策略文件应取自您信任的来源，不要仅因其在本包中而信任。\n3. 证书证明该数据在所载时间前已存在且此后未变，不证明独创性、作者身份或权利效力。请要求出示原件。\n",
        "Materials handed over (recipient: {to})\n\n1. Open the index page, {index}, to see everything.\n2. Everything verifies offline: open verify.html in a browser and give it the whole package, or run yuanzheng case\n   check; yuanzheng-verify.pyz checks a single certificate. Take the policy from a source that you trust, not because\n   it is in this package.\n3. A certificate proves that this data existed before the stated time and has not changed since; not originality,\n   authorship or validity. Ask for the original.\n",
    ),
}
