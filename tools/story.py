"""The life of one right, told by the command line: from a draft to a court, with everything that is refused on the way.

A fashion house of Hanzheng Street (汉正街) registers a pattern through its sub-centre, licenses it, pledges it, finds
copies and defends it. `tell` runs every step against a real node; the demonstration prints it, a test checks it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from tools import main
from tools.files import write_file

DAY = 86_400_000

Say = Callable[..., None]


class Unexpected(Exception):
    """A step did not end as the story says."""


@dataclass
class Story:
    """One telling: `home` is its folder, `url` the node, `authority` the authority's key files, `policy` the trusted one."""

    home: Path
    url: str
    authority: Sequence[Path]
    policy: Path
    say: Say
    refusals: list[str] = field(default_factory=list)
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)

    def run(self, *words: object, expect: int = 0) -> Any:
        """A command as a user types it; returns its JSON answer."""
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main.main([*map(str, words), "--json"])
        if code != expect:
            raise Unexpected(f"yuanzheng {' '.join(map(str, words))}: {code} {out.getvalue()[-900:]} {err.getvalue()}")
        return json.loads(out.getvalue())

    def key(self, name: str) -> Path:
        """The key file of the party called `name`, made when it is first asked for."""
        path = self.home / "keys" / f"{name}.key"
        if not path.exists():
            self.run("key", "new", path, "--name", name)
        return path

    def act(self, name: str, kind: str, *fields: str, by: Sequence[str | Path], **options: Any) -> dict[str, Any]:
        """An act signed by `by` (the first acts, the others consent) and sent; its result is kept under `name`."""
        answer = self._send(name, kind, fields, by, options, 0)
        self.entries[name] = answer["results"][0]
        return self.entries[name]

    def refused(self, rule: str, kind: str, *fields: str, by: Sequence[str | Path], **options: Any) -> None:
        """The same, but the rule called `rule` refuses it."""
        answer = self._send(f"refused-{len(self.refusals)}", kind, fields, by, options, 1)
        code = answer["results"][0]["error"]["code"]
        if code != f"rules.{rule}":
            raise Unexpected(f"{kind} was refused by {code}, not by rules.{rule}")
        self.refusals.append(code)
        self.say("story.refused", actual=kind, expected=code)

    def _send(
        self,
        name: str,
        kind: str,
        fields: Sequence[str],
        by: Sequence[str | Path],
        options: dict[str, Any],
        expect: int,
    ) -> Any:
        keys = [word for each in by for word in ("--key", each if isinstance(each, Path) else self.key(each))]
        more = [word for option, value in options.items() for word in _words(option, value)]
        out = self.home / "acts" / f"{name}.act.json"
        out.parent.mkdir(exist_ok=True)
        return self.run("act", kind, *fields, *keys, *more, "--out", out, "--send", "--url", self.url, expect=expect)

    def hash_of(self, name: str) -> str:
        """The leaf hash of the entry called `name`."""
        return str(self.entries[name]["leaf_hash"])

    def file(self, name: str, content: bytes) -> Path:
        """A file of the story."""
        path = self.home / "files" / name
        path.parent.mkdir(exist_ok=True)
        write_file(path, content)
        return path

    # Chapters

    def tell(self) -> None:
        """All of it, in order."""
        self.home.mkdir(parents=True, exist_ok=True)
        for number, chapter in enumerate(
            (
                self.accredit,
                self.making,
                self.using,
                self.pledging,
                self.enforcing,
                self.objecting,
                self.asking,
                self.erasing,
                self.ending,
            ),
            1,
        ):
            self.say(f"story.chapter-{number}")
            chapter()

    def accredit(self) -> None:
        """The authority, offline, accredits the office; the office appoints a clerk, who attests those who come."""
        act, office = self.home / "accredit.act.json", self.key("office")
        kinds = ",".join(sorted(kind["kind"] for kind in self.run("rules")["kinds"]))
        categories = "design,trade-secret,work.art,work.photograph"
        words = [f"office={office}", "name=江汉分中心", f"kinds={kinds}", f"categories={categories}"]
        words += ["from=2020-01-01", "until=2040-01-01"]
        ledger = self.run("audit", self.url, "--policy", self.policy, "--state", self.home / "before")["origin"]
        self.run("act", "office.accredit", *words, "--by", self.authority[0], "--ledger", ledger, "--out", act)
        self.run("consent", act, "--key", self.authority[1])
        self.run("sign", act, "--key", self.authority[0], "--offline")
        self.entries["office"] = self.run("send", act, "--url", self.url)["results"][0]
        self.refused("not-the-authority", "office.accredit", *words, by=["office"])
        self.refused("authority-quorum", "office.accredit", *words, by=[self.authority[0]])
        every = f"kinds={kinds}"
        self.act("clerk", "clerk.appoint", f"clerk={self.key('clerk')}", every, "until=2030-01-01", by=["office"])
        self.act("temp", "clerk.appoint", f"clerk={self.key('temp')}", every, "until=2030-01-01", by=["office"])
        for name, subject in (
            ("house", "汉正街云裳服饰有限公司"), ("rival", "某制衣厂"), ("mall", "武汉某商场"), ("bank", "某银行武汉分行"),
        ):  # fmt: skip
            who = [f"member={self.key(name)}", f"subject={subject}", "method=business-licence", "level=3"]
            self.act(name, "member.attest", *who, "until=2035-01-01", by=["clerk"])
        stranger = [f"member={self.key('stranger')}", "subject=某人", "method=id-card", "level=1", "until=2035-01-01"]
        self.refused("not-an-office", "member.attest", *stranger, by=["rival"])
        role = [f"member={self.key('clerk')}", *stranger[1:]]
        self.refused("key-has-a-role", "member.attest", *role, by=["office"])

    def making(self) -> None:
        """Two sketches are stamped, then the pattern is registered; what is not whole is refused."""
        sketch = self.file("草图-1.svg", b"<svg><!-- 1 --></svg>")
        later = self.file("草图-2.svg", b"<svg><!-- 2 --></svg>")
        self.act("draft-1", "work.draft", "version=1", "title=云纹 草图", by=["house"], files=sketch)
        second = ["version=2", f"previous={self.hash_of('draft-1')}", "title=云纹 草图"]
        self.act("draft-2", "work.draft", *second, by=["house"], files=later, sealed=True)
        self.refused(
            "draft-chain", "work.draft", "version=9", f"previous={self.hash_of('draft-2')}", by=["house"], files=later
        )
        pattern = self.file("云纹.svg", b"<svg><path d='M0 0'/></svg>" * 40)
        words = [f"draft={self.hash_of('draft-2')}", "completed=2026-11-01", "tags=fashion"]
        words += [
            f"provenance.source={'设计师手绘后矢量化'}",
            f"provenance.notary=@{sketch}",
            "owner=汉正街云裳服饰有限公司",
        ]
        trust = ["--policy", self.policy, "--url", self.url, "--out", self.home / "registered"]
        named = ["--title", "云纹花型", "--author", "林㐱", "--category", "work.art"]
        answer = self.run("register", pattern, "--key", self.key("house"), *named, *trust, "--set", *words)
        self.entries["work"] = answer["works"][0]
        self.work = self.hash_of("work")
        stranger = self.run(
            "register", pattern, "--key", self.key("stranger"), *trust, "--out", self.home / "other", expect=1
        )
        self._count(stranger["works"][0], "not-attested")
        # The office prints a certificate, and says so on the ledger.
        page = self.home / "云纹.pdf"
        self.run("pdf", self.home / "registered" / "云纹.svg.tlog-proof", "--out", page)
        printed = [f"entry={self.work}", f"digest=@{page}", "language=zh-en"]
        self.act("printed", "certificate.issue", *printed, by=["clerk"], work=self.work)
        # A creator without a key comes to the counter: the clerk registers for her, by her mandate.
        counter = ["--creator", "陈𠮷", "--mandate", "2026-11-20 委托书", "--office", self.key("office")]
        photo = self.file("窗.jpg", b"\xff\xd8" + bytes(500))
        counter += ["--category", "work.photograph"]
        self.entries["photo"] = self.run("register", photo, "--key", self.key("clerk"), *counter, *trust)["works"][0]
        self.act(
            "version-2", "work.draft", "version=2", f"previous={self.work}", by=["house"], files=later, work=self.work
        )

    def _count(self, result: dict[str, Any], rule: str) -> None:
        code = result["error"]["code"]
        if code != f"rules.{rule}":
            raise Unexpected(f"refused by {code}, not by rules.{rule}")
        self.refusals.append(code)
        self.say("story.refused", actual="work.register", expected=code)

    def using(self) -> None:
        """An exclusive licence for a mall; what a rival, a hurried owner or a second licensee tries is refused."""
        contract = self.file("许可合同.txt", "许可合同".encode())
        terms = ["rights=5,6", "exclusive=true", "sublicence=false", f"contract=@{contract}"]
        period, place = ["from=2026-12-01", "until=2028-12-01"], ["territory=CN"]
        mall, rival = f"licensee={self.key('mall')}", f"licensee={self.key('rival')}"
        self.refused(
            "not-the-owner", "work.licence", mall, *terms, *period, *place, by=["rival", "mall"], work=self.work
        )
        self.refused("consent-missing", "work.licence", mall, *terms, *period, *place, by=["house"], work=self.work)
        self.refused(
            "rights",
            "work.licence",
            mall,
            "rights=0",
            *terms[1:],
            *period,
            *place,
            by=["house", "mall"],
            work=self.work,
        )
        self.refused(
            "territory",
            "work.licence",
            mall,
            *terms,
            *period,
            "territory=CN,WORLD",
            by=["house", "mall"],
            work=self.work,
        )
        never = ["from=2028-12-01", "until=2026-12-01"]
        self.refused("empty-period", "work.licence", mall, *terms, *never, *place, by=["house", "mall"], work=self.work)
        self.act("licence", "work.licence", mall, *terms, *period, *place, by=["house", "mall"], work=self.work)
        second = ["from=2027-01-01", "until=2027-06-01", "territory=CN,HK"]
        self.refused("exclusive-licence", "work.licence", rival, *terms, *second, by=["house", "rival"], work=self.work)

    def pledging(self) -> None:
        """A pledge for a loan: the bank signs, and from then on nothing goes without it."""
        contract = self.file("质押合同.txt", "质押合同".encode())
        words = [f"pledgee={self.key('bank')}", f"contract=@{contract}"]
        self.act("pledge", "work.pledge", *words, by=["house", "bank"], work=self.work)
        moves = f"moves={self.key('house')}:{self.key('rival')}:1"
        sale = ["ground=contract", f"document=@{contract}"]
        self.refused("consent-missing", "work.transfer", moves, *sale, by=["house", "rival"], work=self.work)
        self.refused("shares", "work.transfer", moves[:-1] + "2", *sale, by=["house", "rival", "bank"], work=self.work)
        stale = {"work": self.work, "prev": self.hash_of("licence")}
        self.refused("stale-prev", "work.transfer", moves, *sale, by=["house", "rival", "bank"], **stale)
        self.refused("pledged", "work.withdraw", f"target={self.work}", by=["house"], work=self.work)
        self.refused(
            "no-pledge", "work.release", f"pledge={self.hash_of('licence')}", by=["bank", "house"], work=self.work
        )

    def enforcing(self) -> None:
        """Copies in two shops: captured, complained of, handed over to mediation and to a court, which sign for them."""
        log = self.file("取证日志.txt", b"log")
        for number, shop in enumerate(("https://shop-a.example/1", "https://shop-b.example/2"), 1):
            page = self.file(f"网页-{number}.html", b"<html>copy</html>")
            words = [
                "method=web",
                "tool=chromium",
                "version=156",
                f"environment=@{log}",
                f"log=@{log}",
                "operator=王某",
            ]
            words += ["cleanliness=none", "start=2026-11-20T08:00:00", "end=2026-11-20T08:05:00", f"address={shop}"]
            self.act(f"capture-{number}", "infringement.capture", *words, by=["house"], work=self.work, files=page)
            if number == 1:
                self.refused("no-interest", "infringement.capture", *words, by=["rival"], work=self.work, files=page)
        captures = ",".join(self.hash_of(f"capture-{number}") for number in (1, 2))
        complaint = self.file("投诉书.txt", "投诉书".encode())
        words = ["respondent=某网店", f"statement=@{complaint}", f"captures={captures}"]
        self.act("complaint", "case.complain", *words, by=["house"], work=self.work)
        case = f"case={self.hash_of('complaint')}"
        for to, purpose in (("mediation", "mediation"), ("court", "evidence")):
            handed = self.package(to)
            words = [
                case,
                f"to={to}",
                f"purpose={purpose}",
                f"disclosed={handed}",
                "name=接收方",
                f"recipient={self.key(to)}",
            ]
            if to == "court":
                self.refused("consent-missing", "case.handover", *words, by=["house"], work=self.work)
            self.act(to, "case.handover", *words, by=["house", to], work=self.work)
        wrong = [
            f"case={self.hash_of('licence')}",
            f"document=@{complaint}",
            "docket=（2026）鄂01民初1号",
            "outcome=upheld",
        ]
        self.refused("target", "case.outcome", *wrong, by=["house"], work=self.work)

    def package(self, to: str) -> str:
        """What is handed over to `to`, as a package; returns its disclosure root in hex."""
        out = self.home / f"移交-{to}.zip"
        words = [
            "--open",
            self.home / "registered" / "云纹.svg.tlog-proof",
            "--url",
            self.url,
            "--policy",
            self.policy,
        ]
        answer = self.run(
            "case", "package", self.work, *words, "--to", to, "--files", self.home / "files" / "云纹.svg", "--out", out
        )
        return str(answer["disclosed"])

    def objecting(self) -> None:
        """The rival objects, once; the outcome is recorded, and the objection withdrawn by him alone."""
        words = ["ground=prior-work", f"target={self.work}"]
        self.act("objection", "work.object", *words, by=["rival"], work=self.work)
        self.refused("objection-twice", "work.object", *words, by=["rival"], work=self.work)
        document = self.file("判决书.txt", "判决书".encode())
        words = [f"case={self.hash_of('complaint')}", f"handover={self.hash_of('court')}", f"document=@{document}"]
        self.act(
            "outcome",
            "case.outcome",
            *words,
            "docket=（2026）鄂01民初1号",
            "outcome=upheld",
            by=["house"],
            work=self.work,
        )
        target = f"target={self.hash_of('objection')}"
        self.refused("not-the-signer", "work.withdraw", target, by=["house"], work=self.work)
        self.act("withdrawal", "work.withdraw", target, by=["rival"], work=self.work)

    def asking(self) -> None:
        """The bank asks how things stood before its pledge, and how they stand now."""
        before = self.run("lookup", self.work, "--as-of", self.entries["licence"]["height"], "--url", self.url)[
            "status"
        ]
        now = self.run("lookup", self.work, "--url", self.url)["status"]
        if (len(before["pledges"]), len(now["pledges"]), now["in_force"]) != (0, 1, True):
            raise Unexpected(f"status: {before} {now}")
        self.say("story.status", number=now["entries"], expected=len(before["pledges"]), actual=len(now["pledges"]))

    def erasing(self) -> None:
        """The designer asks to be forgotten: her name goes, on the record; her own copy still verifies."""
        vault, passphrase = self.home / "house.vault", self.file("passphrase", b"correct horse battery staple\n")
        passphrase.chmod(0o600)
        secret = ["--passphrase-file", passphrase]
        self.run("vault", "create", vault, *secret)
        salts = self.home / "registered" / "云纹.svg.salts.json"
        self.run("vault", "import", vault, salts, *secret)
        hers = self.home / "设计师自存.tlog-proof"
        write_file(hers, (self.home / "registered" / "云纹.svg.tlog-proof").read_bytes())
        self.run("vault", "erase", vault, self.work, "--field", "author", *secret)
        salts.unlink()
        words = [f"target={self.work}", "fields=author", "ground=request"]
        self.refused("not-the-signer", "privacy.erase", *words, by=["rival"], work=self.work)
        self.act("erasure", "privacy.erase", *words, by=["house"], work=self.work)
        report = self.run("verify", hers, self.home / "files" / "云纹.svg", "--policy", self.policy)
        if report["facts"]["disclosed"]["author"] != "林㐱":
            raise Unexpected(str(report["facts"]))

    def ending(self) -> None:
        """Keys, clerks and offices come to their ends, and nothing that they signed before is lost."""
        self.act("compromise", "key.compromise", f"key={self.key('clerk')}", "height=3", by=["office"])
        who = [f"member={self.key('stranger')}", "subject=某人", "method=id-card", "level=1", "until=2035-01-01"]
        self.refused("key-compromised", "member.attest", *who, by=["clerk"])
        self.act("dismissal", "clerk.dismiss", f"clerk={self.key('temp')}", by=["office"])
        self.refused("clerk-dismissed", "member.attest", *who, by=["temp"])
        self.act("revocation", "member.revoke", f"member={self.key('rival')}", "ground=dissolved", by=["office"])
        objection = ["ground=other", f"target={self.work}"]
        self.refused("attestation-ended", "work.object", *objection, by=["rival"], work=self.work)
        order = self.file("决定书.txt", "决定书".encode())
        ground = [f"target={self.hash_of('photo')}", f"document=@{order}", "ground=court-order", "effective=2026-11-01"]
        photo = self.hash_of("photo")
        self.act("annulment", "work.annul", *ground, by=self.authority[:2], work=photo)
        self.refused("not-in-force", "work.annul", *ground, by=self.authority[:2], work=photo)
        until = [f"office={self.key('office')}", "ground=misconduct", "until=none"]
        self.act("suspension", "office.suspend", *until, by=self.authority[:2])
        self.refused("office-suspended", "work.draft", "version=1", by=["house"], files=order)
        self.run("audit", self.url, "--policy", self.policy, "--state", self.home / "after")


def _words(option: str, value: Any) -> list[object]:
    if value is True:
        return [f"--{option}"]
    return [f"--{option}", value]
