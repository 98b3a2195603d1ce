"""Many works in one go, on the page on which creators register: a table, what is wrong with its rows, and what became of them."""

MESSAGES: dict[str, tuple[str, str]] = {
    "table.all-rows": ("逐行查看", "See every row"),
    "table.ask": ("生成 {count} 份待签文件", "Make the acts of {count} works, to be consented to"),
    "table.asked": (
        "{count} 件作品须先由他人签署：请把待签文件交给他们，收回后在下方「打开待签文件」。",
        "Others must sign {count} works first: hand them the acts, and open what comes back by “Open an act's file” below.",
    ),
    "table.at": ("第 {row} 行，{column} 列：{why}", "Row {row}, column {column}: {why}"),
    "table.back": ("← 只登记一件", "← Register a single work"),
    "table.bad-value": ("应为{expected}，实为「{actual}」。", "expected {expected}, found “{actual}”."),
    "table.choose": ("选择表格和文件", "Choose table and files"),
    "table.choose-folder": ("选择文件夹", "Choose a folder"),
    "table.claimed": ("类别与方式", "Category and mode"),
    "table.column-twice": (
        "表头中「{actual}」出现了两次，应只有一列。",
        "The column “{actual}” stands twice in the header: once is expected.",
    ),
    "table.columns": ("表格怎么写：各列和类别代码", "How the table is written: columns and codes of categories"),
    "table.columns-limit": (
        "表格的列太多：最多 {expected} 列，实为 {actual} 列。请删去空列后重新保存。",
        "The table has too many columns: {expected} at most, {actual} found. Remove the empty ones and save it again.",
    ),
    "table.command": (
        "第一行是列名，只有 path 必填。同一张表也可用于 yuanzheng register --table。",
        "The first row names the columns; path alone is required. yuanzheng register --table takes the same table.",
    ),
    "table.correct-first": (
        "请改正后重新拖入表格，或略去有误的行。改正之前什么都不会送出。",
        "Correct them and drop the table again, or leave the wrong rows out. Nothing is sent before.",
    ),
    "table.count": ("{count} 件", "{count}"),
    "table.discard": ("放弃未签署的行", "Discard the rows that are not signed"),
    "table.discard-sure": (
        "放弃这张表中尚未签署的行？已签署的不受影响。",
        "Discard the rows of this table that are not signed? What is signed stays.",
    ),
    "table.done": (
        "登记完成，共 {count} 件。请立即保存证据包：打开承诺的盐值只有您有。",
        "Registered: {count} works. Save the packages now: nobody but you has the salts that open the commitments.",
    ),
    "table.drop-hint": (
        "将表格（CSV）和作品文件一起拖到这里，或拖入装有它们的文件夹。文件只在本机计算摘要，不会离开这台设备。",
        "Drop the table (CSV) and the works' files here together, or the folder that holds them. Files are measured on this device and never leave it.",
    ),
    "table.example": ("保存示例表格", "Save an example table"),
    "table.example-first": (
        "照片/江汉关.jpg|江汉关|陈某|work.photograph|open|2026-11-01|本人拍摄，原片存于工作室",
        "photos/custom-house.jpg|The custom house|A. Chen|work.photograph|open|2026-11-01|taken by the author",
    ),
    "table.example-name": ("作品表示例.csv", "works-example.csv"),
    "table.example-second": (
        "花型|春季花型系列|林某|work.art|open||文件夹内全部文件为一件作品",
        "patterns|Spring patterns|L. Lin|work.art|open||all files of the folder are one work",
    ),
    "table.example-third": (
        "配方.pdf|酱料配方||trade-secret|sealed||",
        "recipe.pdf|Sauce recipe||trade-secret|sealed||",
    ),
    "table.file": ("文件", "File"),
    "table.help-author": ("作者；账本上只有承诺值", "author; the ledger has a commitment only"),
    "table.help-category": ("类别代码，空为 work.other", "code of the category; empty means work.other"),
    "table.help-mode": (
        "open 公开摘要，sealed 密封；空为 open，商业秘密为 sealed",
        "open publishes digests, sealed nothing; empty means open, and sealed for a trade secret",
    ),
    "table.help-path": (
        "作品的文件或文件夹，相对于表格所在位置；文件夹为一件作品",
        "the work's file or folder, seen from the table; a folder is one work",
    ),
    "table.help-title": ("作品名称；空为文件名", "title; empty means the file's name"),
    "table.in": ("第 {row} 行：{why}", "Row {row}: {why}"),
    "table.intro": (
        "表格每行是一件作品。核对无误后一次签署，全部登记；每件都有自己的编号和证据包。",
        "Each row of the table is a work. Review them once and sign once; each work gets its own number and evidence package.",
    ),
    "table.known": (
        "有 {count} 件的内容此前已有登记。仍可登记，但在先的登记不会因此消失。",
        "The bytes of {count} works are registered already. You may register them; what is there before stays.",
    ),
    "table.leave-known": ("略去这些行", "Leave these rows out"),
    "table.leave-out": (
        "略去有误的 {count} 行，只登记其余各行",
        "Leave the {count} wrong rows out and register the others",
    ),
    "table.looking": ("正在查询这些内容是否已有登记……", "Asking whether these bytes are registered already…"),
    "table.more-cells": ("应有 {expected} 个单元格，实有 {actual} 个。", "expected {expected} cells, found {actual}."),
    "table.more-faults": ("另有 {count} 处。", "And {count} more."),
    "table.no-category": (
        "应为类别代码，例如 work.art，实为「{actual}」。",
        "expected the code of a category, such as work.art, found “{actual}”.",
    ),
    "table.no-column": (
        "表格第一行应有名为 {expected} 的列，实为：{actual}。",
        "The table's first row must name a column {expected}; it has: {actual}.",
    ),
    "table.no-document": (
        "应为 @ 加一个文件的名称，实为「{actual}」。",
        "expected @ and the name of one file, found “{actual}”.",
    ),
    "table.no-file": (
        "应为一起拖入的文件或文件夹，实为「{actual}」，其中没有。",
        "expected a file or folder among those given, found “{actual}”, which is not there.",
    ),
    "table.no-mode": (
        "应为 open、sealed 或空，实为「{actual}」。",
        "expected open, sealed or nothing, found “{actual}”.",
    ),
    "table.no-path": ("应为文件或文件夹的名称，实为空。", "expected the name of a file or folder, found nothing."),
    "table.no-rows": (
        "表格除表头外没有任何行：每件作品应占一行。",
        "The table has no row below its header: each work needs one.",
    ),
    "table.no-table": (
        "没有找到表格：应有一个 .csv 文件，其第一行有名为 {expected} 的列。",
        "No table was found: a .csv file is expected whose first row names a column {expected}.",
    ),
    "table.no-text": (
        "读不懂「{field}」：应为 UTF-8 或 GB18030 编码的 CSV。请在 Excel 中另存为「CSV UTF-8」。",
        "“{field}” cannot be read: a CSV in UTF-8 or GB18030 is expected. Save it in Excel as “CSV UTF-8”.",
    ),
    "table.other-capitals": (
        "应为一起拖入的文件或文件夹，实为「{actual}」；有大小写不同的「{expected}」。",
        "expected a file or folder among those given, found “{actual}”; there is “{expected}”, in other capitals.",
    ),
    "table.other-column": (
        "第 {field} 列的列名应为以下之一：{expected}；实为「{actual}」。",
        "Column {field} must be called one of {expected}; it is called “{actual}”.",
    ),
    "table.others": (
        "这些作品须由他人一同签署：确认后生成待签文件，收齐签名再登记。",
        "Others must sign these works too: their acts are made now, and registered once all have signed.",
    ),
    "table.package": ("证据包", "Package"),
    "table.package-of": ("第 {row} 行的证据包", "Package of row {row}"),
    "table.packed": (
        "{count} 份证据包已存为一个文件，旁边有 verify.html 和结果表。其中有盐值，请妥善保管。",
        "{count} packages are saved as one file, with verify.html and the results beside them. It holds salts: guard it.",
    ),
    "table.packing": ("正在制作证据包……", "Making the packages…"),
    "table.result": ("检查结果", "What was found"),
    "table.review-hint": (
        "签署的就是「逐行查看」中的内容，请先过目。一次确认，逐件签名。",
        "What you sign is what “See every row” shows: read it first. You confirm once; each work is signed by itself.",
    ),
    "table.row": ("第 {row} 行", "Row {row}"),
    "table.row-number": ("行", "Row"),
    "table.rows": ("{count} 行", "rows: {count}"),
    "table.rows-limit": (
        "表格最多 {expected} 行，实有 {actual} 行：请分开。",
        "A table has {expected} rows at most, this one {actual}: split it.",
    ),
    "table.same-rows": (
        "有相同的行，只登记一次：{rows}。",
        "These rows are the same work, which is registered once: {rows}.",
    ),
    "table.save-acts": ("保存全部待签文件（一个 zip）", "Save all acts to be signed (one zip)"),
    "table.save-packages": ("保存全部证据包（一个 zip）", "Save all packages (one zip)"),
    "table.save-results": ("保存结果表（CSV）", "Save the results (CSV)"),
    "table.sending": (
        "已送往账本 {sent} / {total}，证书 {certified} / {total}",
        "Sent {sent} of {total}, certificates {certified} of {total}",
    ),
    "table.sign": ("签名并登记 {count} 件", "Sign and register {count}"),
    "table.signing": ("正在签名，签好即保存……", "Signing, and keeping what is signed…"),
    "table.some-refused": (
        "已登记 {registered} 件；{refused} 件未被账本接受，原因见各行。",
        "Registered: {registered}. The ledger refused {refused}: each row says why.",
    ),
    "table.standing": (
        "已登记 {registered}，办理中 {waiting}，未被接受 {refused}，尚未签署 {rest}。",
        "Registered {registered}, under way {waiting}, refused {refused}, not signed {rest}.",
    ),
    "table.state": ("状态", "State"),
    "table.state-ready": ("待签署", "to be signed"),
    "table.state-same": ("与第 {row} 行相同", "same as row {row}"),
    "table.state-wrong": ("有误", "wrong"),
    "table.title": ("用表格登记多件作品", "Register many works by a table"),
    "table.two-tables": (
        "应只有一个表格，实为多个：{actual}。",
        "One table is expected, and these came: {actual}.",
    ),
    "table.type-choices": ("该列允许的代码，以逗号分隔", "codes that this column allows, separated by commas"),
    "table.type-flag": ("true 或 false（是、否）", "true or false"),
    "table.type-leaf": ("64 位十六进制的条目哈希", "a leaf hash in 64 hex digits"),
    "table.type-number": ("整数", "a whole number"),
    "table.type-owners": ("公钥:份额，以逗号分隔", "KEY:SHARE, separated by commas"),
    "table.type-time": ("日期，例如 2026-11-01", "a date, such as 2026-11-01"),
    "table.unnamed": (
        "另有 {count} 个文件没有写在表中，不会登记。",
        "The table does not name {count} of the files: they are not registered.",
    ),
    "table.which": ("哪些作品", "Which works"),
    "table.work": ("作品", "Work"),
    "table.workbook": (
        "这是工作簿，不是表格文件：请在 Excel 或 WPS 中另存为 CSV（第一行应有名为 {expected} 的列）。",
        "This is a workbook: save it as CSV from Excel or WPS (its first row must name a column {expected}).",
    ),
    "table.works": ("作品", "Works"),
    "table.wrong-rows": ("有 {count} 行不对：", "Rows that are wrong: {count}"),
}
