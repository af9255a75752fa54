"""What Unfold and import-export show must be Chinese: their strings are collected and looked up."""

import re
from pathlib import Path

import import_export
import polib
import pytest
import unfold
from django.conf import settings
from django.utils import translation

CATALOGUE = settings.BASE_DIR / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
TAG = re.compile(r"""\{%\s*(?:trans|translate)\s+(?:"([^"]+)"|'([^']+)')""")
CALL = re.compile(r"""\b(?:_|gettext|gettext_lazy)\(\s*"([^"]+)"\s*\)""")
# Only names put in other words' places, and messages for programmers.
NOT_SHOWN = {
    "%(class_name)s %(instance)s",
    "Form is not validated, call `is_valid` first",
    "use_natural_foreign_keys and key_is_id cannot both be True",
}


def strings(package: Path) -> set[str]:
    found: set[str] = set()
    for path in package.rglob("*"):
        if path.suffix == ".html":
            found |= {double or single for double, single in TAG.findall(path.read_text(encoding="utf-8"))}
        elif path.suffix == ".py":
            found |= set(CALL.findall(path.read_text(encoding="utf-8")))
    return found - NOT_SHOWN


def test_catalogue_is_compiled_and_not_older_than_its_source():
    compiled = CATALOGUE.with_suffix(".mo")
    assert compiled.exists(), "运行 python -m config.compile_messages"
    assert {entry.msgid for entry in polib.mofile(str(compiled))} == {
        entry.msgid for entry in polib.pofile(str(CATALOGUE))
    }


@pytest.mark.parametrize("package", [unfold, import_export], ids=lambda package: package.__name__)
def test_no_string_of_the_administration_stays_english(package):
    with translation.override("zh-hans"):
        found = strings(Path(package.__file__).parent)
        english = sorted(text for text in found if translation.gettext(text) == text and re.search("[A-Za-z]{2}", text))
    assert len(found) > 20
    assert english == []


def test_translations_keep_their_placeholders():
    for entry in polib.pofile(str(CATALOGUE)):
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            if text:
                assert sorted(re.findall(r"%\(\w+\)s", text)) == sorted(set(re.findall(r"%\(\w+\)s", entry.msgid)))
