"""Names for the codes in the JSON parts of a plan, taken from the case it was solved from."""

import re

TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9@_.\-]*")
LONG_NUMBER = re.compile(r"(?<![\w.,\-/])\d{4,}(?![\w\-/])", re.ASCII)


class Names:
    """Lookups by code; an unknown code stands for itself."""

    def __init__(self, plan):
        case = plan.case or {"institutions": [], "drugs": [], "products": []}
        self.suppliers = {row["code"]: row["name"] for row in case.get("suppliers", [])}
        self.sites = {row["code"]: row["name"] for row in case["institutions"]}
        self.drugs = {row["code"]: row for row in case["drugs"]}
        self.products = {row["code"]: row for row in case["products"]}

    def site(self, code):
        return "全医共体" if code is None else self.sites.get(code, code)

    def drug(self, code):
        row = self.drugs.get(code, {})
        return {"name": row.get("name", code), "strength": row.get("strength", ""), "unit": row.get("unit", "")}

    def product(self, code):
        row = self.products.get(code, {})
        price = float(row["price"]) / row["pack"] if row else 0.0
        return self.drug(row.get("drug", code)) | {"maker": row.get("maker", ""), "unit_price": price, "code": code}

    def in_words(self, text):
        """ "S03 起送金额，YP0017 1363 包" with names for known codes and separators in long numbers."""
        return TOKEN.sub(lambda found: self._in_words(found[0]), text or "")

    def _in_words(self, token):
        if token in self.products:
            row = self.products[token]
            return self._drug(row["drug"]) + (f"（{row['maker']}）" if row.get("maker") else "")
        if token in self.drugs:
            return self._drug(token)
        return self.sites.get(token) or self.suppliers.get(token) or separated(token)

    def _drug(self, code):
        row = self.drug(code)
        return f"{row['name']} {row['strength']}".strip()


def separated(text):
    """Thousands separators in the numbers of a sentence: 净需求 26428 → 净需求 26,428."""
    return LONG_NUMBER.sub(lambda found: f"{int(found[0]):,}", text or "")
