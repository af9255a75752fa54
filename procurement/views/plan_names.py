"""Names for the codes in the JSON parts of a plan, taken from the case it was solved from."""


class Names:
    """Lookups by code; an unknown code stands for itself."""

    def __init__(self, plan):
        case = plan.case or {"institutions": [], "drugs": [], "products": []}
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
        """ "JN001、YP0017：余量 3" with names for the codes before the colon."""
        place, colon, rest = text.partition("：")
        return "、".join(self._anything(code) for code in place.split("、")) + colon + rest if colon else text

    def _anything(self, code):
        if code in self.sites:
            return self.sites[code]
        drug = self.products[code]["drug"] if code in self.products else code
        row = self.drugs.get(drug)
        return f"{row['name']} {row['strength']}" if row else code
