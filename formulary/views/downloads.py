"""Files to take away: the one place that knows content types and how Chinese file names are told to browsers."""

from urllib.parse import quote

from django.http import HttpResponse

from formulary.rules.workbook import workbook_bytes

TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "zip": "application/zip",
}


def download(name, content):
    """An answer that browsers save under this name."""
    answer = HttpResponse(content, content_type=TYPES[name.rsplit(".", 1)[1]])
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    answer["Cache-Control"] = "no-store"
    return answer


def workbook(name, sheets):
    return download(name, workbook_bytes(sheets))
