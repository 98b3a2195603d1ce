"""Sentences of alarms: what an operator must hear of, and what to do."""

MESSAGES: dict[str, tuple[str, str]] = {
    "alarm.certificate-expires": (
        "HTTPS 证书 {name} 将于 {until} 到期：请尽快续期；节点会自动换用新证书，无须重启。",
        "The HTTPS certificate {name} ends at {until}: renew it soon; the node takes the new one without a restart.",
    ),
    "alarm.clock": (
        "多数节点（{peers}）的时钟与本机相差约 {offset} 毫秒：请检查本机的时间同步。",
        "Most nodes ({peers}) have clocks that differ from this machine's by about {offset} ms: check this machine's time synchronisation.",
    ),
    "alarm.misbehaviour": (
        "发现 {who} 违反账本规则，证据已存于 {evidence}：请立即停止信任该方，并出示此证据。",
        "{who} broke the rules of the ledger, and {evidence} proves it: stop trusting it now, and show others the evidence.",
    ),
    "alarm.quorum-unmet": (
        "自 {since} 起，新的检查点未获得策略要求的联署；未应答的联署方：{missing}。条目仍已持久保存。",
        "Since {since} new checkpoints lack the cosignatures that the policy asks for; no answer from {missing}. Entries are durable all the same.",
    ),
    "alarm.store": (
        "存储库出现故障：{reason}",
        "The store is in trouble: {reason}",
    ),
}
