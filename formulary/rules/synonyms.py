"""Names that mean one substance though no rule can know it: each with where it is said. Bracketed former names need no line here.

Keys and values are canonical substances (see `name_text.canonical`). A line is added only when a list or 药典 says so.
"""

from __future__ import annotations

SYNONYMS: dict[str, str] = {
    "埃索美拉唑": "艾司奥美拉唑",  # 医保目录 2024 西药 16
    "埃索美拉唑镁": "艾司奥美拉唑",
    "口服补液盐": "补液盐",  # 医保目录 2024 西药 86 (补液盐Ⅰ Ⅱ Ⅲ)
    "低分子量肝素": "低分子肝素",  # 医保目录 2024 西药 206
    "水合氯醛/糖浆": "水合氯醛",  # 医保目录 2024 谈判: 水合氯醛/糖浆组合包装
    "坦索罗辛": "坦洛新",  # 医保目录 2024 西药 598
    "美沙拉嗪": "美沙拉秦",  # 医保目录 2024 西药 89
    "三氧化二砷": "亚砷酸",  # 医保目录 2024 西药 898
    "那曲肝素": "那屈肝素",  # 医保目录 2024 西药 207
    "胞二磷胆碱": "胞磷胆碱",  # 医保目录 2024 西药 1186
    "左旋氨氯地平": "左氨氯地平",  # 医保目录 2024 西药 419
    "复方甘草酸苷": "复方甘草甜素",  # 医保目录 2024 西药 56
    "制霉菌素": "制霉素",  # 药典 name of the listed 制霉素
    "羟基喜树碱": "羟喜树碱",  # 药典 name of the listed 羟喜树碱
    "红霉素琥珀酸乙酯": "琥乙红霉素",  # 药典
    "琥珀酸乙红霉素": "琥乙红霉素",
    "氢化可的松丁酸酯": "丁酸氢化可的松",  # 药典
    "眼镜蛇毒血清": "抗眼镜蛇毒血清",  # 医保目录 2024 西药 792
    "治疗用A型肉毒毒素": "A型肉毒毒素",  # 医保目录 2024 西药 796
}


def main_name(substance: str) -> str:
    """The listed name of a substance."""
    return SYNONYMS.get(substance, substance)
