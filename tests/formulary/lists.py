"""Small policy lists as files, for the tests of import, status and pages."""

import datetime as dt

from formulary.actions.reference import import_reference
from tests.conftest import NOW

NRDL = """部分,药品分类代码,甲乙类,编号,药品名称,剂型,医保支付标准,备注限定支付范围,协议有效期
西药部分,XC08,甲,407,氨氯地平,口服常释剂型,,,
西药部分,XJ01,甲,632,阿莫西林,口服常释剂型,,,
西药部分,XJ01,乙,632,阿莫西林,颗粒剂,,,
西药部分,XC01,甲,336,肾上腺素,注射剂,,,
西药部分,XR01,乙,1212,羟甲唑啉,吸入剂,,,
协议期内谈判药品部分-西药,XA02,乙,1,注射用艾普拉唑钠,,63.00元(10mg/支),限：消化性溃疡出血。,2024年1月1日至2025年12月31日
"""
NEML = """目录部分,序号,一级分类,品种名称,剂型规格,备注
化学药品和生物制品,185,心血管系统用药,氨氯地平,（苯磺酸盐、马来酸盐）片剂：5mg,
化学药品和生物制品,6,抗微生物药,阿莫西林,片剂、胶囊、颗粒剂：0.125g、0.25g,
化学药品和生物制品,194,心血管系统用药,肾上腺素,注射液：1ml∶1mg,注射液△
化学药品和生物制品,463,耳鼻喉科用药,羟甲唑啉,喷雾剂：5ml∶1.25mg,
化学药品和生物制品,35,抗微生物药,结核病用药,,注释1 △
"""
AWARDS = """批次,品种,规格,省份,中选企业简称,中选企业全称,中选价_元每最小单位
第二批,氨氯地平口服常释剂型,5mg,江苏,甲,甲药业有限公司,0.06
第二批,氨氯地平口服常释剂型,5mg,安徽,乙,乙药业有限公司,0.07
第四批,氨氯地平口服常释剂型,10mg,江苏,丙,丙药业有限公司,0.11
"""
SHORTAGE = "序号,药品名称\n1,肾上腺素\n2,阿莫西林\n"
BEGINS = {
    "nrdl": dt.date(2025, 1, 1),
    "neml": dt.date(2026, 9, 1),
    "vbp_awards": dt.date(2021, 5, 1),
    "vbp_volumes": dt.date(2021, 5, 1),
    "shortage_list": dt.date(2019, 1, 1),
}
TEXTS = {"nrdl": NRDL, "neml": NEML, "vbp_awards": AWARDS, "shortage_list": SHORTAGE}


def bring_in(kind, text=None, *, edition="2024", by=None, **options):
    """Imports one of the small lists, or another text of that kind."""
    options = {"valid_from": BEGINS.get(kind), "now": NOW} | options
    return import_reference(kind, (text or TEXTS[kind]).encode(), edition=edition, by=by, name=f"{kind}.csv", **options)


def bring_in_all():
    for kind in TEXTS:
        bring_in(kind)


PIECES_LIST = "序号,饮片名称,备注\n1,一枝黄花,\n3,丁香,□\n4,人工牛黄,□;限临床危重患者抢救\n"
BIDDING = """批次,序号,品种,规格,生产企业全称,是否中选,最高有效申报价_元每最小单位,申报价_元每最小单位,供应省份
第二批,1,氨氯地平口服常释剂型,5mg,甲药业有限公司,是,6.6,0.06,"江苏，新疆（含兵团）,安徽"
第二批,1,氨氯地平口服常释剂型,5mg,乙药业有限公司,否,6.6,0.09,
第二批,2,丙口服常释剂型,5mg,丙药业有限公司,是,6.6,7.00,浙江
第二批,3,阿莫西林口服常释剂型,0.25g,丁药业有限公司,否,6.6,99999,
"""
TRIAL_RESULTS = """序号,品种,剂型,规格,是否主品规,采购数量_万片万袋万支,拟中选企业,中选规格包装,每盒价格_元,最小单位价格_元,结果
1,阿托伐他汀,口服常释片剂片剂,10mg,否,8724.36,,,,,
1,阿托伐他汀,口服常释片剂,20mg,是,15672.18,北京嘉林,20mg*7,6.6,0.942857,中选
18,阿莫西林,口服常释片剂,250mg,是,5614.6,石药集团,,,,流标
"""
CITIES = "城市,品种,规格,约定采购量_万片\n北京,阿托伐他汀口服常释剂型,10mg,2785.31\n大连,阿托伐他汀口服常释剂型,20mg,\n"
DERIVED_FORMS = """目录部分,序号,品种名称,盐基酸根,剂型,规格,需人工核对
化学药品和生物制品,185,氨氯地平,苯磺酸盐,片剂,5mg,否
化学药品和生物制品,6,阿莫西林,,胶囊,0.25g,是
"""
