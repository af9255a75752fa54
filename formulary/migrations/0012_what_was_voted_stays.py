"""What was voted, sealed or signed is refused every change by the database itself, whoever asks."""

from django.db import migrations

from formulary.migrations import _guards


class Migration(migrations.Migration):
    dependencies = [("formulary", "0011_meeting_papers")]
    operations = [migrations.RunPython(_guards.make, _guards.drop)]
