"""Uses the server through scim2-client, which checks every answer strictly.

The client builds its models from the server's discovery documents and refuses
an answer with an attribute that they do not define, a wrong content type or a
status that RFC 7644 does not give.
"""

import os
import unittest

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import Error, SearchRequest

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def user(name, /, **more):
    return {"schemas": [USER], "userName": f"{name}@example.com", **more}


def group(name, *members):
    return {"schemas": [GROUP], "displayName": name, "members": [{"value": m.id} for m in members]}


def patch(*operations):
    return {"schemas": [PATCH], "Operations": list(operations)}


class Session(unittest.TestCase):
    """A discovered client, and short names for what the tests do with it."""

    @classmethod
    def setUpClass(cls):
        cls.http = Client(
            base_url=os.environ["SCIM_URL"],
            headers={"Authorization": "Bearer " + os.environ["SCIM_TOKEN"]},
            timeout=20,
        )
        cls.addClassCleanup(cls.http.close)
        cls.scim = SyncSCIMClient(cls.http, raise_scim_errors=False)
        cls.scim.discover()

    def create(self, type_name, payload):
        """Creates a resource that the end of the test deletes."""
        made = self.scim.create(type_name, payload)
        self.assertNotIsInstance(made, Error, made)
        self.addCleanup(self.scim.delete, type_name, made.id)
        return made

    def read(self, type_name, resource):
        """Returns the resource as the server has it now, as plain JSON values."""
        got = self.scim.query(type_name, resource.id)
        self.assertNotIsInstance(got, Error, got)
        return got.model_dump()

    def modify(self, type_name, resource, *operations):
        answer = self.scim.modify(type_name, resource.id, patch(*operations))
        self.assertNotIsInstance(answer, Error, answer)
        return answer

    def names(self, filter, type_name="User", attribute="userName"):
        """Returns what a filter finds, in order of the name."""
        found = self.scim.query(type_name, query_parameters=SearchRequest(filter=filter))
        self.assertNotIsInstance(found, Error, found)
        return sorted(r.model_dump()[attribute].removesuffix("@example.com") for r in found.resources or [])

    def refused(self, answer, status, scim_type=None):
        self.assertIsInstance(answer, Error)
        self.assertEqual((answer.status, answer.scim_type), (status, scim_type), answer.detail)
        self.assertTrue(answer.detail, "an error says what is wrong")


class Discovery(Session):
    def test_service_provider_config(self):
        config = self.scim.provider.config
        self.assertTrue(config.patch.supported)
        self.assertTrue(config.filter.supported)
        self.assertTrue(config.etag.supported)
        self.assertTrue(config.authentication_schemes)

    def test_resource_types(self):
        types = {t.name: t for t in self.scim.provider.resource_types}
        self.assertEqual(set(types), {"User", "Group"})
        self.assertEqual(str(types["User"].schema_), USER)
        self.assertEqual([str(e.schema_) for e in types["User"].schema_extensions], [ENTERPRISE])

    def test_no_token(self):
        for authorization in (None, "Bearer 0000000000000000"):
            with self.subTest(authorization=authorization):
                headers = {"Authorization": authorization} if authorization else {}
                with Client(base_url=os.environ["SCIM_URL"], headers=headers, timeout=20) as http:
                    stranger = SyncSCIMClient(http, provider=self.scim.provider, raise_scim_errors=False)
                    self.refused(stranger.query("User"), 401)


class Users(Session):
    def test_life(self):
        made = self.create("User", user(
            "user1",
            externalId="key-1",
            name={"givenName": "Given", "familyName": "Family"},
            emails=[{"value": "user1@example.com", "type": "work", "primary": True}],
            addresses=[{"type": "work", "formatted": "本社"}],
            password="not to be seen again",
            schemas=[USER, ENTERPRISE],
            **{ENTERPRISE: {"department": "Sales", "employeeNumber": "701984"}},
        ))
        self.assertTrue(made.id)
        self.assertEqual(made.meta.resource_type, "User")
        self.assertEqual(made.meta.location, f"{os.environ['SCIM_URL']}/Users/{made.id}")
        self.assertTrue(made.active, "a user is active unless told otherwise")
        self.assertIsNone(made.password)

        got = self.read("User", made)
        self.assertEqual(got, made.model_dump())
        self.assertEqual(got["addresses"], [{"type": "work", "formatted": "本社"}])
        self.assertEqual(got[ENTERPRISE], {"department": "Sales", "employeeNumber": "701984"})

        self.assertIsNone(self.scim.delete("User", made.id))
        self.refused(self.scim.query("User", made.id), 404)
        self.refused(self.scim.delete("User", made.id), 404)

    def test_replace(self):
        made = self.create("User", user("user1", nickName="one", title="Manager", active=False))
        made.nick_name, made.title = "uno", None
        replaced = self.scim.replace("User", made)
        self.assertNotIsInstance(replaced, Error, replaced)
        got = self.read("User", made)
        self.assertEqual(got["nickName"], "uno")
        self.assertNotIn("title", got)
        self.assertIs(got["active"], False)
        self.assertEqual(got["meta"]["created"], made.model_dump()["meta"]["created"])
        self.assertNotEqual(got["meta"]["version"], made.meta.version)

    def test_modify(self):
        made = self.create("User", user("user1", emails=[
            {"value": "work@example.com", "type": "work", "primary": True},
            {"value": "home@example.com", "type": "home"},
        ]))
        answer = self.modify(
            "User", made,
            {"op": "replace", "path": "active", "value": False},
            {"op": "add", "path": "name.familyName", "value": "Family"},
            {"op": "replace", "path": 'emails[type eq "work"].value', "value": "new@example.com"},
            {"op": "remove", "path": 'emails[type eq "home"]'},
            {"op": "add", "path": f"{ENTERPRISE}:department", "value": "Sales"},
            {"op": "add", "value": {"displayName": "User One"}},
        )
        got = self.read("User", made)
        self.assertEqual(answer.model_dump(), got, "the answer is the user as it is now")
        self.assertIs(got["active"], False)
        self.assertEqual(got["name"], {"familyName": "Family"})
        self.assertEqual(got["emails"], [{"value": "new@example.com", "type": "work", "primary": True}])
        self.assertEqual(got[ENTERPRISE], {"department": "Sales"})
        self.assertEqual(got["displayName"], "User One")
        self.assertIn(ENTERPRISE, got["schemas"])

    def test_modify_all_or_nothing(self):
        made = self.create("User", user("user1", title="Manager"))
        before = self.read("User", made)
        answer = self.scim.modify("User", made.id, patch(
            {"op": "replace", "path": "title", "value": "Director"},
            {"op": "replace", "path": 'emails[value co "nobody"].type', "value": "work"},
        ))
        self.refused(answer, 400, "noTarget")
        self.assertEqual(self.read("User", made), before)

    def test_refused(self):
        made = self.create("User", user("user1"))
        again = user("USER1")
        other = self.create("User", user("user2"))
        self.refused(self.scim.create("User", again), 409, "uniqueness")
        self.refused(self.scim.replace("User", {**again, "id": other.id}), 409, "uniqueness")
        self.refused(self.scim.query("User", "no-such-id"), 404)
        self.refused(self.scim.modify("User", "no-such-id", patch({"op": "remove", "path": "title"})), 404)
        self.refused(self.scim.modify("User", made.id, patch(
            {"op": "replace", "path": "id", "value": "chosen"})), 400, "mutability")
        self.refused(self.scim.modify("User", made.id, patch(
            {"op": "replace", "path": "emails[type eq", "value": "x"})), 400, "invalidPath")
        self.refused(self.scim.create(
            "User", {"schemas": [USER], "title": "Manager"}, check_request_payload=False, url="/Users",
        ), 400, "invalidValue")
        self.refused(self.scim.query(
            "User", query_parameters={"filter": "userName eq"}, check_request_payload=False), 400, "invalidFilter")

    def test_versions(self):
        made = self.create("User", user("user1"))
        self.assertIs(self.scim.query(made), made, "304 Not Modified")
        self.modify("User", made, {"op": "add", "path": "title", "value": "Manager"})
        self.assertIsNot(self.scim.query(made), made)
        made.title = "Director"
        self.refused(self.scim.replace(made), 412)
        self.refused(self.scim.delete(made), 412)
        self.assertEqual(self.read("User", made)["title"], "Manager")


class Queries(Session):
    def setUp(self):
        for n in range(1, 6):
            self.create("User", user(
                f"user{n}",
                externalId=f"key-{n}",
                active=n != 5,
                emails=[{"value": f"mail{n}@example.com", "type": "work" if n < 4 else "home"}],
                schemas=[USER, ENTERPRISE],
                **{ENTERPRISE: {"department": "Sales" if n % 2 else "本社"}},
            ))

    def test_filters(self):
        for filter, want in (
            ('userName eq "USER1@EXAMPLE.COM"', ["user1"]),
            ('userName ne "user1@example.com"', ["user2", "user3", "user4", "user5"]),
            ('externalId eq "key-2"', ["user2"]),
            ('userName sw "user" and active eq false', ["user5"]),
            ('userName co "ser3" or userName ew "nobody"', ["user3"]),
            ('not (emails[type eq "work"])', ["user4", "user5"]),
            ('emails[type eq "work" and value co "mail2"]', ["user2"]),
            ('emails.value eq "mail3@example.com"', ["user3"]),
            (f'{ENTERPRISE}:department eq "本社"', ["user2", "user4"]),
            (f'{USER}:userName eq "user4@example.com"', ["user4"]),
            ('title pr', []),
            ('userName gt "user4@example.com"', ["user5"]),
            ('meta.created lt "2000-01-01T00:00:00Z"', []),
        ):
            with self.subTest(filter):
                self.assertEqual(self.names(filter), want)

    def test_pages(self):
        seen = []
        for start in (1, 3, 5):
            page = self.scim.query("User", query_parameters=SearchRequest(start_index=start, count=2))
            self.assertEqual((page.total_results, page.start_index), (5, start))
            self.assertEqual(page.items_per_page, len(page.resources))
            seen += [r.user_name for r in page.resources]
        self.assertEqual(sorted(seen), [f"user{n}@example.com" for n in range(1, 6)])
        none = self.scim.query("User", query_parameters=SearchRequest(count=0))
        self.assertEqual((none.total_results, none.resources or []), (5, []))

    def test_search(self):
        found = self.scim.search("User", search_request=SearchRequest(
            filter='userName eq "user1@example.com"', attributes=["userName"]))
        self.assertNotIsInstance(found, Error, found)
        [got] = found.resources
        self.assertEqual(set(got.model_dump()) - {"schemas", "id", "meta"}, {"userName"})

    def test_attributes(self):
        for parameters, present, absent in (
            ({"attributes": "emails.value"}, {"id", "emails"}, {"userName", "active"}),
            ({"attributes": f"{ENTERPRISE}:department"}, {"id", ENTERPRISE}, {"userName", "emails"}),
            ({"excludedAttributes": "emails,active"}, {"id", "userName", "externalId"}, {"emails", "active"}),
        ):
            with self.subTest(parameters):
                found = self.scim.query(
                    "User", query_parameters={"filter": 'externalId eq "key-1"', **parameters},
                    check_request_payload=False, check_response_payload=False)
                [got] = found["Resources"]
                self.assertLessEqual(present, set(got))
                self.assertFalse(absent & set(got))


class Groups(Session):
    def members(self, made):
        return sorted(m["value"] for m in self.read("Group", made).get("members", []))

    def test_life(self):
        one, two, three = (self.create("User", user(f"user{n}")) for n in (1, 2, 3))
        made = self.create("Group", group("Sales", one, two))
        self.assertEqual(self.members(made), sorted([one.id, two.id]))
        [direct] = self.read("User", one)["groups"]
        self.assertEqual((direct["value"], direct["display"]), (made.id, "Sales"))
        self.assertEqual(self.names(f'members[value eq "{two.id}"]', "Group", "displayName"), ["Sales"])
        self.assertEqual(self.names(f'members.value eq "{three.id}"', "Group", "displayName"), [])

        self.modify("Group", made, {"op": "add", "path": "members", "value": [{"value": three.id}]})
        self.modify("Group", made, {"op": "add", "path": "members", "value": [{"value": three.id}]})
        self.assertEqual(self.members(made), sorted([one.id, two.id, three.id]))
        self.modify("Group", made, {"op": "remove", "path": f'members[value eq "{one.id}"]'})
        self.assertEqual(self.members(made), sorted([two.id, three.id]))
        self.assertFalse(self.read("User", one).get("groups"))

        replaced = self.scim.replace("Group", {**group("Selling", one), "id": made.id})
        self.assertNotIsInstance(replaced, Error, replaced)
        self.assertEqual(self.members(made), [one.id])
        self.assertEqual(self.read("User", one)["groups"][0]["display"], "Selling")

        self.scim.delete("User", one.id)
        self.assertEqual(self.members(made), [], "a deleted user is a member of nothing")
        self.assertIsNone(self.scim.delete("Group", made.id))
        self.refused(self.scim.query("Group", made.id), 404)

    def test_attributes_on_modify(self):
        one = self.create("User", user("user1"))
        made = self.create("Group", group("Sales"))
        add = patch({"op": "add", "path": "members", "value": [{"value": one.id}]})
        answer = self.scim.modify("Group", made.id, add, params={"attributes": "members"})
        self.assertNotIsInstance(answer, Error, answer)
        self.assertEqual([m.value for m in answer.members], [one.id])

    def test_nested(self):
        one = self.create("User", user("user1"))
        inner = self.create("Group", group("Inner", one))
        outer = self.create("Group", group("Outer", inner))
        [member] = self.read("Group", outer)["members"]
        self.assertEqual((member["value"], member["type"]), (inner.id, "Group"))
        # Whether the outer group is among the user's is left to the server.
        groups = {g["display"]: g["type"] for g in self.read("User", one)["groups"]}
        self.assertEqual(groups["Inner"], "direct")
        self.assertIn(groups.get("Outer"), (None, "indirect"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
