"""The database's own guards over votes, decisions and signed meetings, and how a migration puts them up and takes them down.

SQLite makes a table anew when a column changes: a guard that names the table stops that with an error. A later migration
that changes one of these tables therefore begins with RunPython(drop, make) and ends with RunPython(make, drop).
"""

BOX, MARK, ITEM = "formulary_ballotbox", "formulary_votermark", "formulary_agendaitem"
DECLARATION, MEETING, ATTENDANCE = "formulary_declaration", "formulary_meeting", "formulary_attendance"
PAPER = "formulary_meetingpaper"
MARKS_OF_NEW_BOX = f"(SELECT count(*) FROM {MARK} m WHERE m.item_id = NEW.item_id AND m.round = NEW.round)"
ITEM_VOTING = f"EXISTS (SELECT 1 FROM {ITEM} i WHERE i.id = NEW.item_id AND i.state = 'voting' AND i.round = NEW.round)"
MAY_VOTE = f"EXISTS (SELECT 1 FROM {DECLARATION} d WHERE d.item_id = NEW.item_id AND d.seat_id = NEW.seat_id AND NOT d.recused)"


def declared_too_late(row):
    return (
        f"EXISTS (SELECT 1 FROM {ITEM} i WHERE i.id = {row}.item_id AND i.state = 'decided') OR "
        f"EXISTS (SELECT 1 FROM {MARK} m WHERE m.item_id = {row}.item_id AND m.seat_id = {row}.seat_id)"
    )


def signed(row):
    return f"EXISTS (SELECT 1 FROM {MEETING} g WHERE g.id = {row}.meeting_id AND g.state = 'signed')"


# (name, table, INSERT|UPDATE|DELETE, refused when, words)
GUARDS = [
    ("box_begins_empty", BOX, "INSERT", f"{{length NEW}} <> 0 OR NEW.seal <> '' OR NOT {ITEM_VOTING}", "票箱只能在表决开始时空箱启用"),
    (
        "box_only_grows", BOX, "UPDATE",
        "OLD.seal <> '' OR OLD.item_id <> NEW.item_id OR OLD.round <> NEW.round "
        f"OR {{lost}} OR {{length NEW}} <> {MARKS_OF_NEW_BOX} OR (NEW.seal <> '' AND {{length NEW}} <> {{length OLD}})",
        "票箱只能随投票增加，封存后不能改动",
    ),
    ("box_stays", BOX, "DELETE", "1 = 1", "票箱不能删除"),
    ("mark_of_a_voter", MARK, "INSERT", f"NOT {ITEM_VOTING} OR NOT {MAY_VOTE}", "只有已声明且不回避的委员可在表决中投票"),
    ("mark_unchanged", MARK, "UPDATE", "1 = 1", "投票记录不能改动"),
    ("mark_stays", MARK, "DELETE", "1 = 1", "投票记录不能删除"),
    ("item_decided_unchanged", ITEM, "UPDATE", "OLD.state = 'decided'", "已决议题不能改动"),
    ("item_voted_stays", ITEM, "DELETE", "OLD.state <> 'pending'", "已表决的议题不能删除"),
    ("declaration_before_vote", DECLARATION, "INSERT", declared_too_late("NEW"), "投票后不能再声明"),
    ("declaration_unchanged", DECLARATION, "UPDATE", declared_too_late("OLD"), "投票后不能更改声明"),
    ("declaration_stays", DECLARATION, "DELETE", declared_too_late("OLD"), "投票后不能删除声明"),
    ("meeting_signed_unchanged", MEETING, "UPDATE", "OLD.state = 'signed'", "纪要已签发的会议不能改动"),
    ("meeting_held_stays", MEETING, "DELETE", "OLD.opened_at IS NOT NULL", "开过的会议不能删除"),
    ("attendance_signed_new", ATTENDANCE, "INSERT", signed("NEW"), "纪要已签发，出席不能增加"),
    ("attendance_signed_unchanged", ATTENDANCE, "UPDATE", signed("OLD"), "纪要已签发，出席不能改动"),
    ("attendance_signed_stays", ATTENDANCE, "DELETE", signed("OLD"), "纪要已签发，出席不能删除"),
    ("paper_unchanged", PAPER, "UPDATE", "1 = 1", "已出具的会议文件不能改动"),
    ("paper_stays", PAPER, "DELETE", "1 = 1", "已出具的会议文件不能删除"),
]  # fmt: skip
DIALECT = {
    "sqlite": {
        "{length NEW}": "json_array_length(NEW.ballots)",
        "{length OLD}": "json_array_length(OLD.ballots)",
        "{lost}": "EXISTS (SELECT value FROM json_each(OLD.ballots) EXCEPT SELECT value FROM json_each(NEW.ballots))",
    },
    "postgresql": {
        "{length NEW}": "jsonb_array_length(NEW.ballots)",
        "{length OLD}": "jsonb_array_length(OLD.ballots)",
        "{lost}": "NOT NEW.ballots @> OLD.ballots",
    },
}


def condition(text, vendor):
    for mark, words in DIALECT[vendor].items():
        text = text.replace(mark, words)
    return text


TEMPLATE, SCORING, SHEET = "formulary_scoretemplate", "formulary_scoring", "formulary_scoresheet"
TEMPLATE_USED = f"EXISTS (SELECT 1 FROM {SCORING} s WHERE s.template_id = OLD.id)"


def scoring_over(row):
    return f"EXISTS (SELECT 1 FROM {SCORING} s WHERE s.id = {row}.scoring_id AND s.closed_at IS NOT NULL)"


SCORE_GUARDS = [
    ("score_template_unchanged", TEMPLATE, "UPDATE", TEMPLATE_USED, "已用于评分的评分表不能改动，请另建新版"),
    ("score_template_stays", TEMPLATE, "DELETE", TEMPLATE_USED, "已用于评分的评分表不能删除"),
    ("score_sheet_new", SHEET, "INSERT", scoring_over("NEW"), "评分已结束，不能再评"),
    ("score_sheet_unchanged", SHEET, "UPDATE", scoring_over("OLD"), "评分已结束，评分表单不能改动"),
    ("score_sheet_stays", SHEET, "DELETE", scoring_over("OLD"), "评分已结束，评分表单不能删除"),
]


def make(apps, schema_editor):
    put_up(GUARDS, schema_editor)


def drop(apps, schema_editor):
    take_down(GUARDS, schema_editor)


def make_score_guards(apps, schema_editor):
    put_up(SCORE_GUARDS, schema_editor)


def drop_score_guards(apps, schema_editor):
    take_down(SCORE_GUARDS, schema_editor)


def put_up(guards, schema_editor):
    vendor = schema_editor.connection.vendor
    for name, table, verb, refused, words in guards:
        when = condition(refused, vendor)
        if vendor == "sqlite":
            sql = f"CREATE TRIGGER {name} BEFORE {verb} ON {table} WHEN {when} BEGIN SELECT RAISE(ABORT, '{words}'); END"
        else:
            sql = (
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {when} THEN "
                f"RAISE EXCEPTION USING MESSAGE = '{words}', ERRCODE = '23000'; END IF; "
                f"RETURN {'OLD' if verb == 'DELETE' else 'NEW'}; END $$; "
                f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}();"
            )
        schema_editor.execute(sql, params=None)


def take_down(guards, schema_editor):
    for name, *_rest in guards:
        drop = f"DROP TRIGGER {name}" if schema_editor.connection.vendor == "sqlite" else f"DROP FUNCTION {name}() CASCADE"
        schema_editor.execute(drop, params=None)
