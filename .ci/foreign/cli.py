"""Uses the server through the command of scim2-cli, as an administrator would."""

import json
import os
import unittest

from click.testing import CliRunner
from scim2_cli import cli

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ENV = {
    "SCIM_CLI_URL": os.environ["SCIM_URL"],
    "SCIM_CLI_HEADERS": "Authorization: Bearer " + os.environ["SCIM_TOKEN"],
}


def scim2(*arguments, given=None):
    """Runs the command and returns its exit status, its JSON or None, and what it said about errors."""
    done = CliRunner(env=ENV).invoke(cli, arguments, input=json.dumps(given) if given else "")
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, json.loads(done.stdout) if done.stdout.strip() else None, done.stderr


class Command(unittest.TestCase):
    def run_ok(self, *arguments, given=None):
        code, answer, said = scim2(*arguments, given=given)
        self.assertEqual(code, 0, said)
        return answer

    def run_refused(self, status, *arguments, given=None):
        code, answer, said = scim2(*arguments, given=given)
        self.assertEqual(code, 1, said)
        self.assertIsNotNone(answer, said)
        self.assertEqual(answer["status"], status)

    def test_discovery(self):
        self.assertTrue(self.run_ok("query", "serviceproviderconfig")["patch"]["supported"])
        self.assertEqual(self.run_ok("query", "resourcetype")["totalResults"], 2)
        self.assertEqual(self.run_ok("query", "schema")["totalResults"], 3)

    def test_user(self):
        """The options of these commands are the attributes in the server's schemas."""
        made = self.run_ok(
            "create", "user",
            "--user-name", "cli1@example.com",
            "--name", '{"familyName": "Family"}',
            "--enterpriseuser", '{"department": "本社"}',
        )
        self.addCleanup(scim2, "delete", "user", made["id"])
        self.assertEqual(made["name"], {"familyName": "Family"})
        self.assertEqual(made[ENTERPRISE], {"department": "本社"})
        self.run_refused("409", "create", "user", "--user-name", "CLI1@example.com")
        replaced = self.run_ok(
            "replace", "user", "--id", made["id"], "--user-name", "cli1@example.com", "--title", "Manager")
        self.assertEqual(replaced["title"], "Manager")
        self.assertNotIn("name", replaced)

    def test_user_as_json(self):
        given = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "cli2@example.com"}
        made = self.run_ok("create", given=given)
        self.addCleanup(scim2, "delete", "user", made["id"])
        self.run_refused("409", "create", given=given)
        self.assertEqual(self.run_ok("query", "user", made["id"]), made)
        found = self.run_ok("query", "user", "--filter", 'userName eq "cli2@example.com"')
        self.assertEqual(found["Resources"], [made])
        self.assertEqual(self.run_ok("search", "user", "--filter", 'userName eq "cli2@example.com"'), found)

        replaced = self.run_ok("replace", given={**given, "id": made["id"], "title": "Manager"})
        self.assertEqual(replaced["title"], "Manager")
        modified = self.run_ok(
            "modify", "user", made["id"],
            "replace", "active", "false",
            "add", "emails", '[{"value": "cli2@example.com", "type": "work"}]',
            "remove", "title",
        )
        self.assertIs(modified["active"], False)
        self.assertEqual(modified["emails"], [{"value": "cli2@example.com", "type": "work"}])
        self.assertNotIn("title", modified)

        self.run_ok("delete", "user", made["id"])
        self.run_refused("404", "query", "user", made["id"])
        self.run_refused("404", "delete", "user", made["id"])

    def test_group(self):
        member = self.run_ok("create", given={
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "cli3@example.com"})
        self.addCleanup(scim2, "delete", "user", member["id"])
        members = json.dumps([{"value": member["id"]}])
        made = self.run_ok("create", "group", "--display-name", "Command line", "--members", members)
        self.addCleanup(scim2, "delete", "group", made["id"])
        self.assertEqual([m["value"] for m in made["members"]], [member["id"]])
        self.run_ok("modify", "group", made["id"], "remove", f'members[value eq "{member["id"]}"]')
        self.assertFalse(self.run_ok("query", "group", made["id"]).get("members"))
        self.run_ok("modify", "group", made["id"], "add", "members", members)
        self.assertEqual(len(self.run_ok("query", "group", made["id"])["members"]), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")  # the command leaves its connections to the end
