"""The workbook writer of the house, under the name this room has always used."""

from formulary.rules.workbook import Share, Sheet, Title, write_workbook

__all__ = ["Share", "Sheet", "Title", "write_workbook"]
