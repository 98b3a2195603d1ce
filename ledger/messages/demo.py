"""Sentences of the demonstration."""

MESSAGES: dict[str, tuple[str, str]] = {
    "demo.title": (
        "原证 演示：从建立账本到法庭上的核验，一分钟之内。全部是真实的文件、进程、签名与网络连接。",
        (
            "Yuanzheng, demonstrated: from founding a ledger to verification in court, within a minute. The files, processes, "
            "signatures and connections are all real."
        ),
    ),
    "demo.clock": (
        "（本机时钟未同步：演示容许，每个区块与证书都会如实写明）",
        "(this machine's clock is not synchronised: tolerated here, and every block and certificate says so)",
    ),
    "demo.step-files": ("准备作品文件", "Works to register"),
    "demo.files": (
        "{number} 个文件，共 {size} MB，最大 {largest} MB，在 {folder}",
        "{number} files, {size} MB in all, the largest {largest} MB, in {folder}",
    ),
    "demo.step-centre": (
        "建立认证中心：生成密钥、写下章程、启动节点",
        "A certification centre: keys, a charter, a running node",
    ),
    "demo.centre": ("节点运行于 {url}，只在本机可达", "the node serves at {url}, reachable from this machine only"),
    "demo.step-people": (
        "授权一个分中心（授权机构 3 把密钥中的 2 把签署），分中心核验一位创作者",
        "A sub-centre is accredited (2 of the authority's 3 keys sign), and attests a creator's key",
    ),
    "demo.people": ("江汉分中心 → 林某，均已记入账本", "Jianghan sub-centre → Lin, both recorded in the ledger"),
    "demo.step-register": (
        "登记全部作品：文件不离开本机，上链的只有数字指纹与加盐承诺",
        "All works are registered: files stay here; only fingerprints and salted commitments go on the ledger",
    ),
    "demo.registered": (
        "{number} 件已登记，用时 {seconds} 秒（含计算指纹与取回证书），编号 {first} 至 {last}",
        "{number} registered in {seconds} s (hashing and fetching certificates included), numbers {first} to {last}",
    ),
    "demo.step-ack": (
        "单独提交一件，需要多久才能得到回执？（回执发出之前数据已落盘）",
        "How long until a lone submission is acknowledged? (on disk before it is answered)",
    ),
    "demo.ack": (
        "中位数 {median} 毫秒，最慢 {worst} 毫秒（{number} 次，逐一提交）",
        "median {median} ms, slowest {worst} ms ({number} submissions, one after another)",
    ),
    "demo.step-story": (
        "一项权利的一生：从草图到法庭（第二部分）",
        "The life of one right: from a sketch to a court (second part)",
    ),
    "demo.told": (
        "{number} 项行为已入账，{actual} 次违规尝试各以规则之名被拒",
        "{number} acts are on the ledger, {actual} attempts were refused, each by its rule's name",
    ),
    "demo.step-verify": (
        "在没有网络的进程里，用独立核验程序核验每一份证书和原文件",
        "In a process without network, the stand-alone verifier checks every certificate with its file",
    ),
    "demo.no-network": ("断网方式：{how}", "network cut off by {how}"),
    "demo.verified": ("{number} 份证书全部「一致」", "all {number} certificates CONSISTENT"),
    "demo.step-forge": ("现在有人动了手脚：各改动一个字节", "Now somebody tampers: one byte each"),
    "demo.forged-file": ("改原文件的一个字节", "one byte of a file"),
    "demo.forged-proof": ("改证明路径的一个字节", "one byte of a proof"),
    "demo.forged-certificate": ("改证书内条目的一个字节", "one byte of the entry in a certificate"),
    "demo.refused": ("「不一致」，此项不成立：{reason}", "INCONSISTENT, this does not hold: {reason}"),
    "demo.step-kill": (
        "提交途中拔掉电源线（SIGKILL），再启动",
        "The plug is pulled during submissions (SIGKILL), and the node started again",
    ),
    "demo.killed": (
        "断电前已确认 {number} 条；重启后逐条查对，缺 {missing} 条，序号变动 {moved} 条",
        "{number} entries had been acknowledged; after the restart {missing} are missing and {moved} have another place",
    ),
    "demo.step-audit": (
        "第三方下载整个账本，重放每一条规则；再检查本地存储",
        "A third party downloads the whole ledger and replays every rule; then the local store is checked",
    ),
    "demo.audited": (
        "{size} 条全部成立；存储检查发现 {number} 处问题",
        "all {size} leaves hold; the check of the store found {number} things wrong",
    ),
    "demo.summary": ("演示结果", "What was shown"),
    "demo.explore": (
        ("用时 {seconds} 秒，节点已停止。想继续看：\n  {serve}\n  {verify}\n证书、盐值与证据包在 {folder}。"),
        (
            "{seconds} s in all; the node has been stopped. To explore on:\n"
            "  {serve}\n"
            "  {verify}\n"
            "Certificates, salts and evidence packages are in {folder}."
        ),
    ),
    "demo.failed": ("演示未达到预期：{actual}", "The demonstration did not go as it should: {actual}"),
}
