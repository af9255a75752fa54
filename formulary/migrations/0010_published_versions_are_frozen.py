"""A sealed version, its entries and its changes are frozen by the database itself; versions published before get sealed."""

from django.db import migrations

from formulary.rules.versions import Line, seal

MESSAGE = "已发布的目录版本不能改动，有误请发布更正版"
CHILDREN = ("formulary_formularyentry", "formulary_versionchange")


def seal_published(apps, schema_editor):
    versions = apps.get_model("formulary", "FormularyVersion")
    entries = apps.get_model("formulary", "FormularyEntry")
    for version in versions.objects.filter(published_at__isnull=False, seal=""):
        rows = entries.objects.filter(version=version).select_related("presentation")
        lines = {
            row.presentation.code: Line(row.lowest_level, row.restriction, row.tier, row.reason, row.review_on)
            for row in rows
        }
        versions.objects.filter(pk=version.pk).update(seal=seal(version.number, version.effective_from, lines))


def sqlite():
    for verb in ("UPDATE", "DELETE"):
        yield f"""
        CREATE TRIGGER formularyversion_frozen_{verb.lower()} BEFORE {verb} ON formulary_formularyversion
        WHEN OLD.seal <> '' BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"""
    for table in CHILDREN:
        for verb, sides in {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}.items():
            asked = " OR ".join(
                f"(SELECT seal FROM formulary_formularyversion WHERE id = {side}.version_id) <> ''" for side in sides
            )
            yield f"""
            CREATE TRIGGER {table}_frozen_{verb.lower()} BEFORE {verb} ON {table}
            WHEN {asked} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"""


def postgresql():
    yield f"""
    CREATE FUNCTION formularyversion_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF OLD.seal <> '' THEN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END IF;
      IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
      RETURN NEW;
    END $$"""
    yield """
    CREATE TRIGGER formularyversion_frozen BEFORE UPDATE OR DELETE ON formulary_formularyversion
    FOR EACH ROW EXECUTE FUNCTION formularyversion_frozen()"""
    yield f"""
    CREATE FUNCTION version_rows_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP <> 'INSERT' AND (SELECT seal FROM formulary_formularyversion WHERE id = OLD.version_id) <> '' THEN
        RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
      END IF;
      IF TG_OP <> 'DELETE' AND (SELECT seal FROM formulary_formularyversion WHERE id = NEW.version_id) <> '' THEN
        RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
      END IF;
      IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
      RETURN NEW;
    END $$"""
    for table in CHILDREN:
        yield f"""
        CREATE TRIGGER {table}_frozen BEFORE INSERT OR UPDATE OR DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION version_rows_frozen()"""


def forwards(apps, schema_editor):
    for statement in {"sqlite": sqlite, "postgresql": postgresql}[schema_editor.connection.vendor]():
        schema_editor.execute(statement, params=None)


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION formularyversion_frozen() CASCADE", params=None)
        schema_editor.execute("DROP FUNCTION version_rows_frozen() CASCADE", params=None)
        return
    names = ["formularyversion_frozen_update", "formularyversion_frozen_delete"]
    names += [f"{table}_frozen_{verb}" for table in CHILDREN for verb in ("insert", "update", "delete")]
    for name in names:
        schema_editor.execute(f"DROP TRIGGER {name}", params=None)


class Migration(migrations.Migration):
    dependencies = [("formulary", "0009_versions_are_sealed")]
    operations = [
        migrations.RunPython(seal_published, migrations.RunPython.noop),
        migrations.RunPython(forwards, backwards),
    ]
