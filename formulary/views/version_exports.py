"""One version as a file."""

from django.http import Http404

from config.access import Permission
from formulary import version_exports
from formulary.views.downloads import download
from formulary.views.guards import requires
from formulary.views.versions import version_of


@requires(Permission.SEE_FORMULARY)
def version_file(request, number, kind):
    found = version_exports.export(version_of(request, number), kind)
    if found is None:
        raise Http404("没有这种文件")
    return download(*found)
