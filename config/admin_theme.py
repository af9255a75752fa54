"""How the administration looks: the colours, mark and font of the web shell, given to Unfold.

The catalogue `locale/zh_Hans/LC_MESSAGES/django.po` holds what Unfold ships only in English.
"""

from django.templatetags.static import static

# The same hues as the tokens of templates/static/yaoheng/yaoheng.css, in the eleven steps Unfold wants.
BASE = {
    "50": "#f7f9fa",
    "100": "#edf2f4",
    "200": "#e0e7ea",
    "300": "#c6d1d7",
    "400": "#93a5b0",
    "500": "#5a6b76",
    "600": "#41525d",
    "700": "#2f3f4a",
    "800": "#1f2c34",
    "900": "#151f25",
    "950": "#0d1418",
}
PRIMARY = {
    "50": "#eff8fa",
    "100": "#e2f1f4",
    "200": "#b3d8e0",
    "300": "#84c3d0",
    "400": "#56b9cd",
    "500": "#1c96b0",
    "600": "#0e6377",
    "700": "#0a4f60",
    "800": "#0a3f4d",
    "900": "#0a3946",
    "950": "#04212a",
}


def _mark(_request) -> str:
    return static("yaoheng/mark.svg")


def _style(_request) -> str:
    return static("yaoheng/admin.css")


UNFOLD = {
    "SITE_TITLE": "药衡 系统管理",
    "SITE_HEADER": "药衡",
    "SITE_SUBHEADER": "系统管理 · 主数据与账号",
    "SITE_URL": "/",
    "SITE_ICON": _mark,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _mark}],
    "STYLES": [_style],
    "COLORS": {"base": BASE, "primary": PRIMARY},
    "SHOW_BACK_BUTTON": True,
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {"show_search": True, "show_all_applications": False},
}
