"""Refusals about who may do something; the pages answer them with 403."""


class NotAllowed(Exception):
    """The person does not hold the permission where it is asked, or may not judge the own application."""
