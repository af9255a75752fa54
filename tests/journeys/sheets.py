"""Filling a score sheet at its page, item by item."""


def fill_sheet(scorer, harsh=0):
    """What is known stands already; the rest is the scorer's: the best option, or the next one on every third item."""
    rows = scorer.page.locator("fieldset.score")
    for at in range(rows.count()):
        row = rows.nth(at)
        options = row.get_by_role("radio")
        if options.count():
            if not row.locator("input:checked").count():
                options.nth(1 if (at + harsh) % 3 == 0 else 0).check()
            continue
        for box in row.locator("label.entry input").all():
            if not box.input_value():
                box.fill("24")
    scorer.sees("全部已评")
