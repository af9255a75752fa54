"""One small alliance, solvable by hand.

江宁医共体 JN
  ├─ H1 县人民医院   二级, lead    pharmacist 陈静
  └─ T1 湖熟卫生院   基层          pharmacist 李强
alliance roles: 委员 王芳, 秘书 周敏, 采购员 张伟, 审计员 赵磊, 卫健局 孙丽, 管理员 admin; 机构负责人 刘洋 (H1)
M1 氨氯地平片 5mg (慢病)  M2 阿莫西林胶囊 0.25g  M3 肾上腺素注射液 1ml:1mg (急救)
"""

import datetime as dt
from dataclasses import dataclass, field

from config.access import ALLIANCE_ROLES, Role
from formulary.models import Alliance, Institution, Medicine, Membership, Person, Presentation, Product

PEOPLE = {
    Role.COMMITTEE: ("wangfang", "王芳", None),
    Role.SECRETARY: ("zhoumin", "周敏", None),
    Role.PROCUREMENT: ("zhangwei", "张伟", None),
    Role.PHARMACIST: ("liqiang", "李强", "T1"),
    Role.HEAD: ("liuyang", "刘洋", "H1"),
    Role.AUDITOR: ("zhaolei", "赵磊", None),
    Role.BUREAU: ("sunli", "孙丽", None),
    Role.ADMINISTRATOR: ("admin", "管理员", None),
}
DRUGS = (
    ("M1", "氨氯地平", "氨氯地平片", "口服常释剂型", "片剂", "5mg", "片", "口服", 28, {"is_chronic": True}),
    ("M2", "阿莫西林", "阿莫西林胶囊", "口服常释剂型", "胶囊剂", "0.25g", "粒", "口服", 24, {}),
    (
        "M3",
        "肾上腺素",
        "肾上腺素注射液",
        "注射剂",
        "注射液",
        "1ml:1mg",
        "支",
        "注射",
        10,
        {"is_emergency": True, "criticality": "A"},
    ),
)


@dataclass
class World:
    alliance: Alliance
    h1: Institution
    t1: Institution
    people: dict[Role, Person] = field(default_factory=dict)
    drugs: dict[str, Presentation] = field(default_factory=dict)
    products: dict[str, Product] = field(default_factory=dict)


def make_world() -> World:
    alliance = Alliance.objects.create(code="JN", name="江宁医共体", region_code="320115")
    h1 = Institution.objects.create(
        alliance=alliance, code="H1", name="县人民医院", short_name="县医院", level="二级", is_lead=True
    )
    t1 = Institution.objects.create(
        alliance=alliance, code="T1", name="湖熟卫生院", short_name="湖熟", level="基层", kind="卫生院"
    )
    world = World(alliance, h1, t1)
    for role, (username, name, where) in PEOPLE.items():
        person = Person.objects.create(username=username, name=name)
        institution = None if role in ALLIANCE_ROLES else {"H1": h1, "T1": t1}[where]
        Membership.objects.create(
            person=person, role=role, alliance=alliance, institution=institution, valid_from=dt.date(2025, 1, 1)
        )
        world.people[role] = person
    for code, substance, name, group, form, strength, unit, route, pack, marks in DRUGS:
        medicine = Medicine.objects.create(substance=substance, name=substance, form_group=group, route=route)
        drug = Presentation.objects.create(
            medicine=medicine,
            code=code,
            name=name,
            form=form,
            strength=strength,
            unit=unit,
            spec_group=f"{substance} {route}",
            **marks,
        )
        world.drugs[code] = drug
        world.products[f"{code}-P1"] = Product.objects.create(
            presentation=drug, code=f"{code}-P1", maker="甲药厂", pack_size=pack
        )
    return world
