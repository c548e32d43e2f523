"""Lists as CSV, safe to open in a spreadsheet: no cell can start a formula (RELIABILITY S5)."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from fastapi import Response

_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def csv_response(columns: Sequence[str], rows: Iterable[Sequence[object]], *, name: str) -> Response:
    """UTF-8 with a mark that spreadsheets need, as a download named `<name>.csv`."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL)
    writer.writerow(columns)
    writer.writerows([cell(value) for value in row] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv", headers=headers)


def cell(value: object) -> str:
    """The value as text; one that a spreadsheet would run as a formula gets an apostrophe in front.

    Every line is looked at, since some programs split cells there; full-width signs count as what they fold to.
    """
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value)
    text = str(value)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(f"'{line}" if _is_formula(line) else line for line in lines)


def _is_formula(line: str) -> bool:
    bare = unicodedata.normalize("NFKC", line).lstrip(" \u200b\ufeff\u00a0")
    return bare.startswith(_STARTS)
