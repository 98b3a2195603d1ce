"""What stands in a sentence's placeholders, in Chinese: the short phrases by which errors say what they expected.

Code writes them in English; `phrase` finds the Chinese for one. A `*` stands for anything, itself a phrase. What is not
here (digests, numbers, names, file formats' own words) is the same in both languages.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

PHRASES: tuple[tuple[str, str], ...] = (
    # Whole phrases
    ("a block leaf", "一个区块叶"),
    ("a canonical point of the prime-order subgroup", "素数阶子群中一个点的规范编码"),
    ("a certificate with cosignatures", "带见证联署的证书"),
    ("a decimal number", "十进制数"),
    ("a directory without a store", "尚无存储库的目录"),
    ("a file that can be read to its end", "可从头读到尾的文件"),
    ("a head that fits its last block", "与最后一个区块相符的账本头"),
    ("a key id and a signature", "密钥标识和签名"),
    ("a leaf index, 64 hex digits, or a certificate number", "叶序号、64 位十六进制数或证书编号"),
    ("a name not yet defined, and not none", "尚未定义的名称，且不是 none"),
    ("a newline at its end", "以换行结尾"),
    ("a media type", "媒体类型"),
    ("a name twice", "重复的名称"),
    ("a plain file name", "普通的文件名"),
    ("a policy or log key from a source that you trust", "来自您信任之处的策略文件或账本公钥"),
    ("a quorum line", "一行 quorum"),
    ("a signature by this key", "该公钥的签名"),
    ("a signed checkpoint", "已签名的检查点"),
    ("a store", "存储库"),
    ("a synchronised clock", "已同步的时钟"),
    ("a valid ledger", "有效的账本"),
    ("a verifier key", "验证公钥"),
    ("a whole list of free pages", "完整的空闲页清单"),
    ("a whole record", "完整的记录"),
    ("a witness or group defined before", "前面已定义的见证方或组"),
    ("64 hex digits", "64 位十六进制数"),
    ("absent", "不存在"),
    ("an LMDB file of data version *", "数据版本为 {0} 的 LMDB 文件"),
    ("an LMDB file", "LMDB 文件"),
    ("an entry that lists files", "列有文件的条目"),
    ("an entry", "一个条目"),
    ("an extra line", "一行 extra"),
    ("an opened manifest", "已公开的文件清单"),
    ("an unfinished store", "未建成的存储库"),
    ("authority", "授权机构"),
    ("office", "分中心"),
    ("member", "成员"),
    ("any other beginning", "其他开头"),
    ("charter, accreditation, attestation", "章程、授权、核验"),
    ("a file that is compressed once", "只压缩一次的文件"),
    ("each name once", "每个名称只出现一次"),
    ("each log key once", "每个账本公钥只出现一次"),
    ("each name a member at most once", "每个名称至多属于一个组"),
    ("each witness key once", "每个见证公钥只出现一次"),
    ("index and a decimal number", "index 和一个十进制数"),
    ("length-prefixed leaves", "带长度前缀的叶"),
    ("log, witness, group or quorum with its arguments", "log、witness、group 或 quorum 及其参数"),
    ("members defined before", "前面已定义的成员"),
    ("name+key id+base64(type and key)", "名称+密钥标识+base64（类型和公钥）"),
    ("nil, bool, int, str, bin, array or map", "nil、bool、int、str、bin、array 或 map"),
    ("no control characters but newline", "除换行外不含控制字符"),
    ("no control characters but tab and newline", "除制表符和换行外不含控制字符"),
    ("no other node", "没有其他节点"),
    ("none given", "未提供"),
    ("none", "无"),
    ("not in the certificate", "不在证书中"),
    ("nothing after the value", "值之后没有其他内容"),
    ("nothing to disclose", "没有可公开的内容"),
    ("nothing", "无"),
    ("one quorum line", "只有一行 quorum"),
    ("present", "存在"),
    ("missing", "缺失"),
    ("readable pages", "可读的页"),
    ("sha256= or sm3= and 64 hex digits", "sha256= 或 sm3= 加 64 位十六进制数"),
    ("standard base64", "标准 base64"),
    ("text, blank line, signature lines", "正文、空行、签名行"),
    ("the certificate", "证书"),
    ("the page that this certificate makes", "由该证书生成的页面"),
    ("another page", "另一个页面"),
    ("another profile", "另一种规则"),
    ("not checked", "未核对"),
    ("the same, *", "相同，{0}"),
    ("the same", "相同"),
    ("a certificate of the certification profile", "按认证规则签发的证书"),
    ("the charter at leaf 0 first", "首先是第 0 号叶的章程"),
    ("the original files", "原始文件"),
    ("the shortest encoding", "最短编码"),
    ("silence", "没有回答"),
    ("a bare tlog-proof", "仅有 tlog-proof"),
    ("a registration in this ledger", "本账本中的一项登记"),
    ("a new accreditation", "重新授权"),
    ("a registration in force", "有效的登记"),
    ("an entry of this ledger", "本账本中的一个条目"),
    ("an entry of this work", "该作品的一个条目"),
    ("a replacement that still waits", "尚在异议期内的接替密钥"),
    ("a work, or a member whose key was replaced", "一项作品，或密钥被接替的成员"),
    ("this work, or an open objection to it", "该作品，或对它尚未了结的异议"),
    (
        "this work, or a licence, an open pledge or an open objection of it",
        "该作品，或它的许可、现有质押或未了结的异议",
    ),
    ("no pledge", "没有质押"),
    ("the signer's licence to grant others", "签名人可再许可的许可"),
    ("no more than the licence gives", "不超出该许可的范围"),
    ("no more than each giver has", "不超出各转出方所有的份额"),
    ("a member, or an office and a mandate", "成员，或分中心加委托书"),
    ("a pledge in force", "现有的质押"),
    ("an owner, an exclusive licensee or an office", "权利人、专有被许可人或分中心"),
    ("an owner", "一位权利人"),
    ("recipient", "接收方"),
    ("a complaint about this work", "关于该作品的投诉"),
    ("a block of this ledger", "本账本的一个区块"),
    ("new keys", "各新密钥"),
    ("new key", "新密钥"),
    ("count and root", "count 和 root"),
    ("only one of them", "只有其一"),
    ("each owner once", "每位权利人一次"),
    ("a manifest that is not complete", "尚未补齐的文件清单"),
    ("complete", "已补齐"),
    ("a draft of the signer's own", "签名人自己的创作阶段"),
    ("creator, mandate and owners", "creator、mandate 和 owners"),
    ("another member's key", "另一成员的密钥"),
    ("an attested member", "经核验的成员"),
    ("a key still trusted", "尚可信的密钥"),
    ("an act of the chain", "授权链中的条目"),
    ("a later entry of this work", "该作品的后续条目"),
    ("co-owners", "共有人"),
    ("column path", "path 列"),
    ("licensee", "被许可人"),
    ("pledgees", "质权人"),
    ("pledgee", "质权人"),
    ("transferees", "受让人"),
    ("WORLD alone", "仅 WORLD"),
    ("log", "账本密钥"),
    ("clerk", "经办人"),
    ("--document with one salts file", "--document 并只给一份盐值文件"),
    ("all of it", "全部内容"),
    ("no terminal", "没有终端"),
    ("the head", "首部"),
    ("the lock under the passphrase", "口令锁"),
    ("the number of entries", "条目数"),
    ("the number of items", "项目数"),
    ("the pages", "数据页"),
    ("the tables", "数据表"),
    # Parts
    ("* ms, synchronised, *", "{0} 毫秒，已同步，{1}"),
    ("* ms, not synchronised, *", "{0} 毫秒，未同步，{1}"),
    ("one of * files", "{0} 个文件之一"),
    ("* of * authority keys", "{1} 把授权机构密钥中的 {0} 把"),
    ("*, or a known leaf hash", "{0}，或已知的叶哈希"),
    ("AA to ZZZZZZ and an index of 12 digits", "AA 至 ZZZZZZ 和 12 位序号"),
    ("all, any, or *", "all、any 或 {0}"),
    ("a key of type *", "类型为 {0} 的公钥"),
    ("a tree of *", "大小为 {0} 的树"),
    ("a-z 0-9 . / -, not beginning with *", "a-z 0-9 . / -，且不以 {0} 开头"),
    ("the table *", "数据表 {0}"),
    ("from * to *", "从 {0} 到 {1}"),
    ("process *", "进程 {0}"),
    ("signed by *", "由 {0} 签名"),
    ("more than *", "超过 {0}"),
    ("at least *", "至少 {0}"),
    ("at most *, with representatives other than the member", "至多 {0}，且代表人不含成员本人"),
    ("at most *", "至多 {0}"),
    ("str of * matching *", "{0}的 str，符合 {1}"),
    ("bin of *", "{0}的 bin"),
    ("array of * × (*), strictly increasing", "{0} 个（{1}），严格递增"),
    ("array of * × (*)", "{0} 个（{1}）"),
    ("* or nil", "{0} 或 nil"),
    ("after *", "晚于 {0}"),
    ("before *", "早于 {0}"),
    ("below *", "小于 {0}"),
    ("within *", "{0} 以内"),
    ("size *", "大小 {0}"),
    ("height *", "高度 {0}"),
    ("* bytes, SHA-256 *", "{0} 字节，SHA-256 {1}"),
    ("* bytes", "{0} 字节"),
    ("* characters", "{0} 字符"),
    ("* records, *", "{0} 条记录，{1}"),
    ("* records", "{0} 条记录"),
    ("* items", "{0} 项"),
    ("* lines", "{0} 行"),
    ("* hashes of *", "{0} 个{1}的哈希"),
    ("* to *", "{0} 至 {1}"),
    ("* or *", "{0} 或 {1}"),
)

_LONGEST = 240
"""Characters; longer ones are somebody's input, and trying patterns on them would cost time."""


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple(
        (re.compile("(.+?)".join(re.escape(part) for part in english.split("*")), re.DOTALL), chinese)
        for english, chinese in PHRASES
    )


def phrase(words: str, language: Literal["zh", "en"]) -> str:
    """A phrase in `language`; what the table does not know stays as it is."""
    if language == "en" or len(words) > _LONGEST or (" " not in words and words not in _SINGLE):
        return words
    for pattern, chinese in _patterns():
        found = pattern.fullmatch(words)
        if found is not None:
            return chinese.format(*(phrase(group, language) for group in found.groups()))
    return words


_SINGLE = {english for english, _ in PHRASES if " " not in english}
