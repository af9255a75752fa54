from django.db import migrations

SQLITE = """
CREATE TRIGGER event_is_append_only BEFORE UPDATE ON formulary_event
BEGIN SELECT RAISE(ABORT, '操作记录只能追加，不能改动'); END
"""
POSTGRESQL = """
CREATE FUNCTION event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '操作记录只能追加，不能改动'; END $$;
CREATE TRIGGER event_is_append_only BEFORE UPDATE ON formulary_event
FOR EACH ROW EXECUTE FUNCTION event_is_append_only();
"""
UNDO = {
    "sqlite": "DROP TRIGGER event_is_append_only",
    "postgresql": "DROP FUNCTION event_is_append_only() CASCADE",
}


def forwards(apps, schema_editor):
    schema_editor.execute({"sqlite": SQLITE, "postgresql": POSTGRESQL}[schema_editor.connection.vendor], params=None)


def backwards(apps, schema_editor):
    schema_editor.execute(UNDO[schema_editor.connection.vendor], params=None)


class Migration(migrations.Migration):
    dependencies = [("formulary", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
