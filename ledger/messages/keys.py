"""Sentences about keys and signatures."""

MESSAGES: dict[str, tuple[str, str]] = {
    "keys.bad-signature": ("签名与公钥 {actual} 不符。", "The signature does not verify under the key {actual}."),
    "keys.backup": (
        "这不是密钥备份文件（{expected}），或已损坏。",
        "This is no key backup ({expected}), or it is damaged.",
    ),
    "keys.base64": (
        "应为 {expected} 的唯一写法，实为 {actual}。",
        "Expected {expected} in its one spelling; found {actual}.",
    ),
    "keys.key-id": (
        "公钥文本的标识应为 {expected}，实为 {actual}：请核对是否抄错。",
        "The key's id should be {expected}, found {actual}: look for a typing error.",
    ),
    "keys.not-admitted": (
        "公钥 {actual} 不可用：应为 {expected}。请换一把正常生成的密钥。",
        "The public key {actual} is not admitted: expected {expected}. Use a key made by ordinary software.",
    ),
    "keys.no-prf": (
        "这把通行密钥不能保护签名密钥：请改用不带通行密钥的方式，或换一台设备。",
        "This passkey cannot protect a signing key: do without one, or use another device.",
    ),
    "keys.no-storage": (
        "浏览器不允许本页保存任何内容（{actual}）。请不要用无痕（隐私）窗口，或换一个浏览器，再重新载入本页。",
        (
            "The browser does not let this page keep anything ({actual}). Use a window that is not private, or another browser, "
            "and load this page again."
        ),
    ),
    "keys.other-backup": (
        "这是另一把密钥的备份：应为 {expected}，实为 {actual}。",
        "This is the backup of another key: expected {expected}, found {actual}.",
    ),
    "keys.passkey-declined": (
        "通行密钥没有确认，没有签署，也没有打开。",
        "The passkey was not confirmed; nothing was signed or opened.",
    ),
    "keys.private": ("私钥文件的格式应为 {expected}。", "A private key file reads {expected}."),
    "keys.seed": (
        "私钥种子应为 {expected}，实为 {actual} 字节。",
        "A private key's seed is {expected}; found {actual}.",
    ),
    "keys.sealed": (
        "密钥 {actual} 打不开这一内容：它属于另一把密钥或另一件作品，或已损坏，或这台设备没有这把密钥。",
        (
            "The key {actual} does not open this: it is another key's or another work's, or damaged, or the key is not "
            "on this device."
        ),
    ),
    "keys.vkey": ("公钥文本的格式应为 {expected}，实为 {actual}。", "A verifier key reads {expected}; found {actual}."),
}
