"""What every page's frame shows."""


def shell(_request):
    return {}
