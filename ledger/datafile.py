"""What must be known of an LMDB file before it is mapped: that every page it may lead to is there.

LMDB maps its file, and touching a page behind the file's end kills the process (SIGBUS). A file that was cut short is
therefore recognised first, from its bytes alone. A file may be shorter than the last page number says and yet be whole:
LMDB does not write a page that a transaction took from the end and gave back. Such a page is in the list of free pages,
and so the list decides. Format: LMDB 0.9 (data version 1), 64-bit, in the machine's byte order.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from struct import Struct

from ledger.errors import StoreError

Read = Callable[[int, int], bytes]
"""`(offset, length)`: that part of the file, shorter at its end."""

MAGIC = 0xBEEFC0DE
VERSION = 1
NO_PAGE = (1 << 64) - 1
PAGE_SIZES = [1 << shift for shift in range(9, 17)]
_ORDER = "<" if sys.byteorder == "little" else ">"
_PAGE = Struct(_ORDER + "QHHHH")
"""Page number, padding, flags; end of the node offsets, begin of the nodes (in an overflow, one u32: its pages)."""
_NODE = Struct(_ORDER + "HHHH")
"""Low and high half of the data's length or the child's page number, flags (the number's top), key length."""
_U16, _U32, _U64 = (Struct(_ORDER + code) for code in "HIQ")
# Offsets in a meta page: behind the page's header, MDB_meta, in it the free list's MDB_db.
_MAGIC_AT, _VERSION_AT, _PAGE_SIZE_AT, _FREE_ROOT_AT, _LAST_PAGE_AT, _TRANSACTION_AT = 16, 20, 40, 80, 136, 144
_META_END = 152
_BRANCH, _LEAF = 1, 2
_BIG = 1
_MAX_DEPTH = 32
_ATTEMPTS = 3


class _Broken(Exception):
    """The file leads to a page that is not there, or is not what it should be; carries what should be."""


def check(read: Read, size: Callable[[], int], where: str) -> None:
    """Refuse a file, called `where`, that is no LMDB file or lacks a page that it may lead to. Raises `StoreError`.

    A writer may be at work: what it overwrites in the middle of a check is looked at again.
    """
    for attempt in range(_ATTEMPTS):  # pragma: no branch  # the last one returns or raises
        bytes_ = size()
        try:
            _check(read, bytes_)
        except _Broken as error:
            if attempt == _ATTEMPTS - 1:
                raise StoreError("store.damaged", actual=f"{where} ({bytes_} bytes)", expected=error.args[0]) from None
        else:
            return


def _check(read: Read, size: int) -> None:
    page_size, last, root = _newest_meta(read)
    first_missing = size // page_size
    if first_missing > last:
        return
    missing = last + 1 - first_missing
    free = {page for page in _free_pages(read, page_size, root, 0) if first_missing <= page <= last}
    if len(free) < missing:
        raise _Broken(f"at least {(last + 1) * page_size} bytes")


def _newest_meta(read: Read) -> tuple[int, int, int]:
    """Page size, last page number, and the root of the free list, as the newest transaction left them."""
    page_size, found = 0, (-1, 0, 0)
    for _ in range(2):
        page = read(page_size, _META_END)
        if len(page) < _META_END or _U32.unpack_from(page, _MAGIC_AT)[0] != MAGIC:
            raise _Broken("an LMDB file")
        if _U32.unpack_from(page, _VERSION_AT)[0] != VERSION:
            raise _Broken(f"an LMDB file of data version {VERSION}")
        own_size = _U32.unpack_from(page, _PAGE_SIZE_AT)[0]
        page_size = page_size or own_size
        if own_size != page_size or page_size not in PAGE_SIZES:
            raise _Broken("an LMDB file")
        transaction, last, root = (
            _U64.unpack_from(page, at)[0] for at in (_TRANSACTION_AT, _LAST_PAGE_AT, _FREE_ROOT_AT)
        )
        found = max(found, (transaction, last, root))
    return page_size, found[1], found[2]


def _free_pages(read: Read, page_size: int, number: int, depth: int) -> Iterator[int]:
    """The page numbers in the free list below page `number`."""
    if number == NO_PAGE:
        return
    page = read(number * page_size, page_size)
    if len(page) < page_size or depth == _MAX_DEPTH:
        raise _Broken("a whole list of free pages")
    own, _, flags, lower, _ = _PAGE.unpack_from(page)
    if own != number or flags not in (_BRANCH, _LEAF) or not _PAGE.size <= lower <= page_size:
        raise _Broken("a whole list of free pages")
    for at in range(_PAGE.size, lower - 1, 2):
        node = _U16.unpack_from(page, at)[0]
        if node + _NODE.size > page_size:
            raise _Broken("a whole list of free pages")
        low, high, extra, key = _NODE.unpack_from(page, node)
        if flags == _BRANCH:
            yield from _free_pages(read, page_size, low | high << 16 | extra << 32, depth + 1)
            continue
        length, data = low | high << 16, node + _NODE.size + key
        if extra & _BIG:
            if data + 8 > page_size:
                raise _Broken("a whole list of free pages")
            value = read(_U64.unpack_from(page, data)[0] * page_size + _PAGE.size, length)
        else:
            value = page[data : data + length]
        # MDB_IDL: how many, and then so many page numbers.
        if len(value) < length or length < 8 or _U64.unpack_from(value)[0] > length // 8 - 1:
            raise _Broken("a whole list of free pages")
        for item in range(1, _U64.unpack_from(value)[0] + 1):
            yield _U64.unpack_from(value, 8 * item)[0]
