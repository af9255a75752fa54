"""Every address with every role: a page that forgot its permission fails here, not in a hospital."""

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from config.access import ALLIANCE_ROLES, ROLES, Permission, Role, can
from formulary.queries import scope_of

SIGN_IN = {"login", "logout"}
OTHER_SITES = ("admin/", "api/")


def pages():
    """(address with numbers filled in, view) of every page of the shell."""

    def walk(patterns, prefix):
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if route.startswith(OTHER_SITES):
                continue
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            elif isinstance(pattern, URLPattern) and pattern.name not in SIGN_IN:
                yield fill(route), pattern

    return list(walk(get_resolver().url_patterns, ""))


def fill(route):
    parts = []
    for piece in route.split("/"):
        if piece.startswith("<int:"):
            piece = "987654"
        elif piece.startswith("<"):
            piece = "unknown"
        parts.append(piece)
    return "/" + "/".join(parts)


PAGES = pages()


def test_no_two_pages_share_an_address_or_a_name():
    addresses = [address for address, _ in PAGES]
    assert sorted(addresses) == sorted(set(addresses))
    by_name = {}
    for _, pattern in PAGES:
        assert by_name.setdefault(pattern.name, pattern.callback) is pattern.callback, pattern.name


IDS = [pattern.name or address for address, pattern in PAGES]


@pytest.mark.parametrize(("address", "pattern"), PAGES, ids=IDS)
def test_page_names_its_permission(address, pattern):
    assert hasattr(pattern.callback, "permission"), f"{address}：视图没有声明权限"


@pytest.mark.parametrize(("address", "pattern"), PAGES, ids=IDS)
def test_page_answers_each_role_as_the_table_says(address, pattern, world, client):
    view = pattern.callback
    if view.permission is None:
        assert client.get(address).status_code in {200, 404}
        return
    assert client.get(address).headers.get("Location", "").startswith("/sign-in/")
    for role, person in world.people.items():
        client.force_login(person)
        for method, permission in (("get", view.permission), ("post", view.post_permission)):
            status = getattr(client, method)(address).status_code
            allowed = permission in ROLES[role].permissions
            assert (status == 403) is not allowed, f"{address} {method} {role}: {status}"
            assert status < 500


def test_administration_tells_others_and_sends_strangers_to_the_house_door(world, client):
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/sign-in/?next=/admin/")
    client.force_login(world.people[Role.SECRETARY])
    refused = client.get("/admin/", follow=True)
    assert refused.status_code == 403
    assert "系统管理只对系统管理员开放" in refused.content.decode()


def test_administration_opens_to_administrators_only(world, client):
    for role, person in world.people.items():
        client.force_login(person)
        assert (client.get("/admin/").status_code == 200) is (role is Role.ADMINISTRATOR), role


def test_institution_role_reaches_its_institution_only(world):
    scope = scope_of(world.people[Role.PHARMACIST], Permission.IMPORT_STOCK)
    assert scope.institution_ids == {world.t1.pk}
    assert not scope.whole_alliance


def test_alliance_role_reaches_every_institution(world):
    scope = scope_of(world.people[Role.PROCUREMENT], Permission.SEE_STOCK)
    assert scope.institution_ids == {world.h1.pk, world.t1.pk}


def test_person_without_the_permission_has_no_scope(world):
    assert scope_of(world.people[Role.HEAD], Permission.RUN_PLANS) is None


def test_person_made_inactive_may_do_nothing(world):
    person = world.people[Role.SECRETARY]
    person.is_active = False
    assert not can(person, Permission.SEE_HOME)
    assert scope_of(person, Permission.SEE_HOME) is None


def test_ended_membership_gives_nothing(world):
    person = world.people[Role.HEAD]
    person.memberships.update(valid_to="2025-06-30")
    assert not can(person, Permission.SEE_HOME)


def test_no_role_is_without_people_or_purpose():
    assert set(Role) == set(ROLES)
    assert all(row.label and row.description and row.permissions for row in ROLES.values())
    assert Role.PHARMACIST not in ALLIANCE_ROLES
