"""Master data of the formulary in the administration; one file per noun."""

from formulary.admin import alliance, medicine, people, reference  # noqa: F401  registration happens on import
