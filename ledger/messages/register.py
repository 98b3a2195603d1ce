"""The page on which a creator registers, and what it says of keys, drafts and what became of a registration."""

MESSAGES: dict[str, tuple[str, str]] = {
    "register.busy": (
        "节点现在太忙，或暂时不能记录（{actual}）。已签名的内容保存在这台设备上，稍后会再送一次，不会重复登记。",
        (
            "The node is too busy, or cannot record now ({actual}). What you signed is kept on this device and will be sent "
            "again; nothing is registered twice."
        ),
    ),
    "register.other-promise": (
        "分中心的收到凭据不是这件作品的（{actual}），未采用。",
        "The sub-centre's promise is for something else ({actual}) and was not kept.",
    ),
    "register.package-size": (
        "原件太大或太多，放不进一个压缩包（{actual} 字节）：请另行保存原件。",
        "The originals are too large or too many for one zip ({actual} bytes): keep them beside it.",
    ),
    "register.refused": ("账本没有接受：{actual}。", "The ledger did not take it: {actual}."),
    "register.strange-answer": (
        "{actual} 的回答不是节点应有的回答。已签名的内容仍保存在这台设备上。",
        "{actual} did not answer as a node does. What you signed is still kept on this device.",
    ),
    "register.unreachable": (
        "连不上 {actual}。已签名的内容保存在这台设备上，恢复连接后会继续，不会重复登记。",
        (
            "{actual} cannot be reached. What you signed is kept on this device and goes on once the connection is back; "
            "nothing is registered twice."
        ),
    ),
}
