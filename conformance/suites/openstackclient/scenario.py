"""Workflows with the openstack command. Prints its counts to file descriptor 3."""

import contextlib
import importlib.metadata
import json
import os
import pathlib
import re
import sys
import tempfile
import unittest

from client import Actor, Refused

admin = Actor(
    username="admin", password=os.environ["OS_PASSWORD"], user_domain_name="Default",
    project_name="admin", project_domain_name="Default",
)
system_admin = Actor(
    username="admin", password=os.environ["OS_PASSWORD"], user_domain_name="Default", system_scope="all",
)

class Workflow(unittest.TestCase):
    maxDiff = None

    def made(self, command, line, by=admin):
        """Creates something and deletes it at the end of the test, unless the test did."""
        thing = by.show(f"{command} create {line}")
        self.addCleanup(self.delete, command, thing["id"])
        return thing

    def delete(self, command, id):
        try:
            admin.run(f"{command} delete {id}")
        except Refused:
            pass

    def refused(self, actor, line, want):
        """Expects that a command fails, and with this status or text."""
        with self.assertRaises(Refused, msg=line) as caught:
            actor.run(line)
        if isinstance(want, int):
            # Two libraries are at work, each of which has its own way to say it.
            self.assertRegex(str(caught.exception), rf"\(HTTP {want}\)|\b{want}: Client Error", line)
        else:
            self.assertIn(want, str(caught.exception), line)

    def shows(self, thing, **want):
        self.assertEqual({name: thing.get(name) for name in want}, want)


class Domains(Workflow):
    def test_from_create_to_delete(self):
        domain = self.made("domain", "--description 'The Works' works")
        self.shows(domain, name="works", description="The Works", enabled=True)
        self.assertRegex(domain["id"], "^[0-9a-f]{32}$")
        self.assertEqual(admin.show("domain show works")["id"], domain["id"])
        self.assertEqual(admin.show(f"domain show {domain['id']}")["name"], "works")
        self.assertEqual(admin.names("domain list"), ["Default", "works"])
        self.assertEqual(admin.names("domain list --name works"), ["works"])
        self.refused(admin, "domain create works", 409)
        self.assertEqual(admin.show("domain create --or-show works")["id"], domain["id"])
        self.refused(admin, "domain delete works", 403)
        admin.run("domain set --name mill --description Mill --disable works")
        self.shows(admin.show("domain show mill"), description="Mill", enabled=False)
        self.assertEqual(admin.names("domain list --enabled"), ["Default"])
        admin.run("domain set --immutable mill")
        self.refused(admin, "domain delete mill", 403)
        admin.run("domain set --no-immutable mill")
        admin.run("domain delete mill")
        self.refused(admin, "domain show mill", "mill")

    def test_delete_takes_all_that_is_inside(self):
        domain = self.made("domain", "doomed")
        self.made("project", "--domain doomed project")
        user = self.made("user", "--domain doomed --password secret user")
        group = self.made("group", "--domain doomed group")
        admin.run("role add --domain doomed --user user --user-domain doomed member")
        admin.run("domain set --disable doomed")
        admin.run("domain delete doomed")
        for line in f"domain show {domain['id']}", f"user show {user['id']}", f"group show {group['id']}":
            self.refused(admin, line, "")
        self.assertNotIn("project", admin.names("project list"))


class Projects(Workflow):
    def test_from_create_to_delete(self):
        project = self.made("project", "--description Tools --tag red --tag blue --property cost=7 tools")
        self.shows(project, name="tools", description="Tools", domain_id="default", parent_id="default",
                   enabled=True, is_domain=False)
        self.assertEqual(sorted(project["tags"]), ["blue", "red"])
        self.assertEqual(admin.show("project show tools --domain default")["id"], project["id"])
        self.refused(admin, "project create tools", 409)
        self.assertEqual(admin.show("project create --or-show tools")["id"], project["id"])
        admin.run("project set --name gear --description Gear --disable --property cost=8 tools")
        gear = admin.show("project show gear")
        self.shows(gear, description="Gear", enabled=False)
        self.assertEqual(str(gear["cost"]), "8")
        admin.run("project set --enable gear")
        self.assertIn("gear", admin.names("project list --enabled"))
        admin.run("project delete gear")
        self.refused(admin, "project show gear", "No Project found for gear")

    def test_tags(self):
        self.made("project", "--tag a --tag b first")
        self.made("project", "--tag b --tag c second")
        self.assertEqual(admin.names("project list --tags b"), ["first", "second"])
        self.assertEqual(admin.names("project list --tags a,b"), ["first"])
        self.assertEqual(admin.names("project list --tags-any a,c"), ["first", "second"])
        self.assertEqual(admin.names("project list --not-tags c"), ["admin", "first"])
        admin.run("project set --tag d first")
        admin.run("project set --remove-tag b first")
        self.assertEqual(sorted(admin.show("project show first")["tags"]), ["a", "d"])
        admin.run("project set --clear-tags first")
        self.assertEqual(admin.show("project show first")["tags"], [])

    def test_a_tree(self):
        top = self.made("project", "top")
        middle = self.made("project", "--parent top middle")
        leaf = self.made("project", "--parent middle leaf")
        self.assertEqual(middle["parent_id"], top["id"])
        self.assertEqual(admin.names("project list --parent top"), ["middle"])
        self.assertIn(leaf["id"], str(admin.show("project show --children top")))
        self.assertIn(top["id"], str(admin.show("project show --parents leaf")))
        self.refused(admin, "project delete top", 403)
        self.refused(admin, "project set --disable top", 403)
        for name in "leaf", "middle", "top":
            admin.run(f"project delete {name}")

    def test_immutable(self):
        self.made("project", "--immutable stone")
        self.refused(admin, "project set --description x stone", 403)
        self.refused(admin, "project delete stone", 403)
        admin.run("project set --no-immutable stone")
        admin.run("project delete stone")

    def test_list_sorts(self):
        for name in "zinc", "gold":
            self.made("project", f"--domain default {name}")
        names = [row["Name"] for row in admin.show("project list --long --sort name:desc")]
        self.assertEqual(names, sorted(names, reverse=True))


class Users(Workflow):
    def test_with_mail_primary_project_and_role(self):
        project = self.made("project", "lab")
        user = self.made("user", "--email ada@example.org --project lab --password analytical "
                                 "--description Countess ada")
        self.shows(user, name="ada", email="ada@example.org", default_project_id=project["id"],
                   description="Countess", domain_id="default", enabled=True)
        admin.run("role add --project lab --user ada member")
        ada = Actor(username="ada", password="analytical", user_domain_name="Default")
        # No scope given: the primary project is the scope.
        self.assertEqual(ada.show("token issue")["project_id"], project["id"])
        self.assertEqual(ada.show(f"user show {user['id']}")["email"], "ada@example.org")

    def test_from_create_to_delete(self):
        user = self.made("user", "--password secret --disable grace")
        self.assertFalse(user["enabled"])
        grace = Actor(username="grace", password="secret", user_domain_name="Default")
        self.refused(grace, "token issue", 401)
        admin.run("user set --enable grace")
        self.assertEqual(grace.show("token issue")["user_id"], user["id"])
        self.refused(admin, "user create grace", 409)
        self.assertEqual(admin.show("user create --or-show grace")["id"], user["id"])
        admin.run("user set --name hopper --email g@example.org --description Admiral --password anchor grace")
        self.shows(admin.show("user show hopper"), email="g@example.org", description="Admiral", id=user["id"])
        self.refused(grace, "token issue", 401)
        self.assertIn("hopper", admin.names("user list --long"))
        self.assertIn("hopper", admin.names("user list --domain default"))
        admin.run("user delete hopper")
        self.refused(admin, "user show hopper", "No User found for hopper")

    def test_changes_the_own_password(self):
        self.made("project", "desk")
        self.made("user", "--password first alan")
        admin.run("role add --project desk --user alan reader")
        scope = dict(username="alan", user_domain_name="Default", project_name="desk", project_domain_name="Default")
        alan = Actor(password="first", **scope)
        self.refused(alan, "user password set --original-password wrong --password second", 401)
        alan.run("user password set --original-password first --password second")
        self.refused(alan, "token issue", 401)
        self.assertTrue(Actor(password="second", **scope).show("token issue")["id"])

    def test_options(self):
        user = self.made("user", "--password x --ignore-lockout-failure-attempts --ignore-password-expiry "
                                 "--ignore-change-password-upon-first-use --enable-multi-factor-auth "
                                 "--multi-factor-auth-rule password,totp --enable-lock-password edsger")
        self.assertEqual(user["options"], {
            "ignore_change_password_upon_first_use": True,
            "ignore_password_expiry": True,
            "ignore_lockout_failure_attempts": True,
            "lock_password": True,
            "multi_factor_auth_enabled": True,
            "multi_factor_auth_rules": [["password", "totp"]],
        })
        admin.run("user set --disable-lock-password --disable-multi-factor-auth edsger")
        options = admin.show("user show edsger")["options"]
        self.assertEqual((options["lock_password"], options["multi_factor_auth_enabled"]), (False, False))

    def test_see_only_themselves(self):
        self.made("project", "cell")
        user = self.made("user", "--password pw eve")
        admin.run("role add --project cell --user eve member")
        eve = Actor(username="eve", password="pw", user_domain_name="Default", project_name="cell",
                    project_domain_name="Default")
        self.assertEqual(eve.show(f"user show {user['id']}")["name"], "eve")
        self.refused(eve, "user list", 403)
        self.refused(eve, "project create x", 403)
        # This command tells nobody that it was refused.
        eve.run(f"role add --project cell --user {user['id']} admin")
        self.assertEqual([row["Role"] for row in admin.show("role assignment list --user eve --names")], ["member"])


class UsersAndProjects(Workflow):
    def test_associate(self):
        """One user in two projects with different roles, then out of one."""
        self.made("user", "--password pw carl")
        for name in "north", "south":
            self.made("project", name)
        admin.run("role add --user carl --project north member")
        admin.run("role add --user carl --project south reader")
        self.assertEqual(admin.names("project list --user carl"), ["north", "south"])
        self.assertEqual(admin.names("user list --project north"), ["carl"])
        rows = admin.show("role assignment list --user carl --names")
        self.assertEqual({(row["Role"], row["Project"]) for row in rows},
                         {("member", "north@Default"), ("reader", "south@Default")})
        north = Actor(username="carl", password="pw", user_domain_name="Default",
                      project_name="north", project_domain_name="Default")
        south = Actor(username="carl", password="pw", user_domain_name="Default",
                      project_name="south", project_domain_name="Default")
        self.assertEqual(north.names("project list --my-projects"), ["north", "south"])
        self.assertTrue(south.show("token issue")["project_id"])
        admin.run("role remove --user carl --project south reader")
        self.refused(south, "token issue", 401)
        self.assertEqual(north.names("project list --my-projects"), ["north"])

    def test_the_old_tutorial(self):
        """User alice, tenant acme, role compute-user; then several roles and tenants."""
        acme = self.made("project", "--description 'Acme Corporation' acme")
        alice = self.made("user", "--project acme --password mypassword123 --email alice@example.com alice")
        role = self.made("role", "compute-user")
        admin.run(f"role add --user {alice['id']} --project {acme['id']} {role['id']}")
        self.assertEqual(admin.names("user list --project acme"), ["alice"])
        scope = dict(username="alice", password="mypassword123", user_domain_name="Default",
                     project_domain_name="Default")
        token = Actor(project_name="acme", **scope).show("token issue")
        self.shows(token, project_id=acme["id"], user_id=alice["id"])

        self.made("role", "network-user")
        self.made("project", "globex")
        admin.run("role add --user alice --project acme network-user")
        admin.run("role add --user alice --project globex compute-user")
        rows = admin.show("role assignment list --user alice --names")
        self.assertEqual({(row["Role"], row["Project"]) for row in rows},
                         {("compute-user", "acme@Default"), ("network-user", "acme@Default"),
                          ("compute-user", "globex@Default")})
        self.assertEqual(Actor(project_name="globex", **scope).names("project list --my-projects"),
                         ["acme", "globex"])
        admin.run("role delete compute-user")
        rows = admin.show("role assignment list --user alice --names")
        self.assertEqual([(row["Role"], row["Project"]) for row in rows], [("network-user", "acme@Default")])
        self.refused(Actor(project_name="globex", **scope), "token issue", 401)


class Groups(Workflow):
    def test_from_create_to_delete(self):
        group = self.made("group", "--description Crew crew")
        self.shows(group, name="crew", description="Crew", domain_id="default")
        self.refused(admin, "group create crew", 409)
        self.assertEqual(admin.show("group create --or-show crew")["id"], group["id"])
        admin.run("group set --name team --description Team crew")
        self.shows(admin.show("group show team"), id=group["id"], description="Team")
        self.assertIn("team", admin.names("group list --long"))
        admin.run("group delete team")
        self.refused(admin, "group show team", "team")

    def test_members_have_the_groups_roles(self):
        self.made("group", "band")
        self.made("project", "stage")
        self.made("user", "--password pw john")
        self.made("user", "--password pw paul")
        admin.run("group add user band john paul")
        self.assertEqual(admin.names("user list --group band"), ["john", "paul"])
        self.assertEqual(admin.names("group list --user john"), ["band"])
        self.assertIn("john in group band", admin.run("group contains user band john"))
        admin.run("role add --group band --project stage member")
        john = Actor(username="john", password="pw", user_domain_name="Default",
                     project_name="stage", project_domain_name="Default")
        self.assertTrue(john.show("token issue")["project_id"])
        rows = admin.show("role assignment list --project stage --effective --names")
        self.assertEqual({(row["Role"], row["User"]) for row in rows},
                         {(role, user) for role in ("member", "reader") for user in ("john@Default", "paul@Default")})
        self.assertEqual(admin.show("role assignment list --group band --names")[0]["Group"], "band@Default")
        admin.run("group remove user band john")
        self.refused(john, "token issue", 401)
        self.refused(admin, "group remove user band john", "")
        self.assertNotIn("john in group band", admin.run("group contains user band john"))
        admin.run("role remove --group band --project stage member")
        self.assertEqual(admin.show("role assignment list --project stage"), [])


class Roles(Workflow):
    def test_from_create_to_delete(self):
        role = self.made("role", "--description Plays dj")
        self.shows(role, name="dj", description="Plays", domain_id=None)
        self.refused(admin, "role create dj", 409)
        self.assertEqual(admin.show("role create --or-show dj")["id"], role["id"])
        admin.run("role set --name vj --description Shows dj")
        self.shows(admin.show("role show vj"), id=role["id"], description="Shows")
        self.assertIn("vj", admin.names("role list"))
        admin.run("role set --immutable vj")
        self.refused(admin, "role delete vj", 403)
        admin.run("role set --no-immutable vj")
        admin.run("role delete vj")
        self.refused(admin, "role show vj", "vj")
        self.refused(admin, "role delete admin", "")

    def test_of_a_domain(self):
        self.made("domain", "opera")
        role = self.made("role", "--domain opera tenor")
        self.assertEqual(role["domain_id"], admin.show("domain show opera")["id"])
        self.assertEqual(admin.names("role list --domain opera"), ["tenor"])
        self.assertNotIn("tenor", admin.names("role list"))
        self.made("user", "--domain opera --password pw enrico")
        self.made("project", "--domain opera scala")
        admin.run("role add --role-domain opera --user enrico --user-domain opera --project scala "
                  "--project-domain opera tenor")
        admin.run("domain set --disable opera")
        admin.run("domain delete opera")

    def test_implied(self):
        self.made("role", "chief")
        self.made("role", "clerk")
        self.made("project", "office")
        self.made("user", "--password pw max")
        made = admin.show("implied role create --implied-role clerk chief")
        self.shows(made, implies=admin.show("role show clerk")["id"], prior_role=admin.show("role show chief")["id"])
        pairs = {(row["Prior Role Name"], row["Implied Role Name"]) for row in admin.show("implied role list")}
        self.assertEqual(pairs, {("chief", "clerk"), ("admin", "manager"), ("manager", "member"), ("member", "reader")})
        admin.run("role add --user max --project office chief")
        rows = admin.show("role assignment list --user max --effective --names")
        self.assertEqual({row["Role"] for row in rows}, {"chief", "clerk"})
        admin.run("implied role delete --implied-role clerk chief")
        rows = admin.show("role assignment list --user max --effective --names")
        self.assertEqual({row["Role"] for row in rows}, {"chief"})

    def test_inherited(self):
        self.made("domain", "land")
        self.made("project", "--domain land county")
        self.made("project", "--domain land --parent county town")
        self.made("user", "--domain land --password pw sam")
        who = "--user sam --user-domain land"
        admin.run(f"role add {who} --domain land --inherited reader")
        rows = admin.show(f"role assignment list {who} --names")
        self.assertEqual([(row["Role"], row["Domain"], row["Inherited"]) for row in rows], [("reader", "land", True)])
        rows = admin.show(f"role assignment list {who} --effective --names")
        self.assertEqual({row["Project"] for row in rows}, {"county@land", "town@land"})
        sam = dict(username="sam", password="pw", user_domain_name="land")
        self.assertTrue(Actor(project_name="town", project_domain_name="land", **sam).show("token issue"))
        self.refused(Actor(domain_name="land", **sam), "token issue", 401)
        admin.run(f"role remove {who} --domain land --inherited reader")
        admin.run(f"role add {who} --project county --project-domain land --inherited reader")
        rows = admin.show(f"role assignment list {who} --effective --names")
        self.assertEqual([row["Project"] for row in rows], ["town@land"])
        admin.run("domain set --disable land")
        admin.run("domain delete land")

    def test_on_the_system(self):
        user = self.made("user", "--password pw sys")
        group = self.made("group", "ops")
        admin.run("role add --system all --user sys reader")
        admin.run("role add --system all --group ops reader")
        rows = admin.show("role assignment list --system all")
        self.assertIn(user["id"], [row["User"] for row in rows])
        self.assertIn(group["id"], [row["Group"] for row in rows])
        reader = Actor(username="sys", password="pw", user_domain_name="Default", system_scope="all")
        self.assertEqual(reader.show("token issue")["system"], "all")
        self.assertIn("sys", reader.names("user list"))
        self.refused(reader, "user create nobody", 403)
        admin.run("role remove --system all --user sys reader")
        self.refused(reader, "token issue", 401)


class DomainAdmin(Workflow):
    def test_manages_only_the_own_domain(self):
        for name in "east", "west":
            self.made("domain", name)
        self.made("user", "--domain east --password pw boss")
        admin.run("role add --domain east --user boss --user-domain east manager")
        self.made("user", "--domain west --password pw foreigner")
        boss = Actor(username="boss", password="pw", user_domain_name="east", domain_name="east")

        boss.show("project create --domain east plant")
        boss.show("user create --domain east --password pw --email w@example.org worker")
        boss.show("group create --domain east shift")
        boss.run("group add user --group-domain east --user-domain east shift worker")
        boss.run("role add --project plant --project-domain east --user worker --user-domain east member")
        self.assertEqual(boss.names("user list --domain east"), ["boss", "worker"])
        worker = Actor(username="worker", password="pw", user_domain_name="east",
                       project_name="plant", project_domain_name="east")
        self.assertTrue(worker.show("token issue")["project_id"])

        west = admin.show("domain show west")["id"]
        foreigner = admin.show("user show --domain west foreigner")["id"]
        self.refused(boss, f"user create --domain {west} x", "No Domain found")
        self.refused(boss, f"project create --domain {west} x", "")
        # The command looks for the user by id, is refused, looks by name and says that there is none.
        self.refused(boss, f"user set --email x@example.org {foreigner}", f"No User found for {foreigner}")
        self.refused(boss, f"user delete {foreigner}", f"No User found for {foreigner}")
        # The command finds no such role, or finds it and tells nobody that the grant was refused.
        with contextlib.suppress(Refused):
            boss.run("role add --project plant --project-domain east --user worker --user-domain east admin")
        rows = admin.show("role assignment list --user worker --user-domain east --names")
        self.assertEqual([row["Role"] for row in rows], ["member"])
        self.refused(boss, "domain create x", 403)
        self.refused(boss, "role create x", 403)

        boss.run("user set --disable --domain east worker")
        self.refused(worker, "token issue", 401)
        boss.run("user delete --domain east worker")
        boss.run("group delete --domain east shift")
        boss.run("project delete --domain east plant")
        for name in "east", "west":
            admin.run(f"domain set --disable {name}")
            admin.run(f"domain delete {name}")


class Catalog(Workflow):
    def test_from_create_to_delete(self):
        region = admin.show("region create --description North RegionN")
        self.addCleanup(self.delete, "region", "RegionN")
        self.shows(region, region="RegionN", description="North", parent_region=None)
        admin.run("region set --parent-region RegionOne --description Northern RegionN")
        self.shows(admin.show("region show RegionN"), parent_region="RegionOne", description="Northern")
        self.assertEqual([row["Region"] for row in admin.show("region list --parent-region RegionOne")], ["RegionN"])

        service = self.made("service", "--name clock --description Time time")
        self.shows(service, name="clock", type="time", description="Time", enabled=True)
        admin.run("service set --name watch --type hours --description Hours --disable clock")
        self.shows(admin.show("service show watch"), type="hours", description="Hours", enabled=False)
        admin.run("service set --enable watch")
        self.assertIn("watch", admin.names("service list --long"))

        url = "'http://clock.example.org:1234/%(project_id)s'"
        endpoint = self.made("endpoint", f"--region RegionN watch public {url}")
        self.shows(endpoint, interface="public", region="RegionN", service_name="watch", service_type="hours",
                   url="http://clock.example.org:1234/%(project_id)s", enabled=True)
        rows = admin.show("endpoint list --service watch --interface public --region RegionN")
        self.assertEqual([row["ID"] for row in rows], [endpoint["id"]])

        project = admin.show("token issue")["project_id"]
        entry = admin.show("catalog show watch")
        self.shows(entry, name="watch", type="hours")
        self.assertEqual([(each["region"], each["url"]) for each in entry["endpoints"]],
                         [("RegionN", f"http://clock.example.org:1234/{project}")])
        self.assertEqual(admin.names("catalog list"), ["keystone", "watch"])

        admin.run(f"endpoint set --interface internal --url http://other.example.org --disable {endpoint['id']}")
        self.shows(admin.show(f"endpoint show {endpoint['id']}"), interface="internal", enabled=False,
                   url="http://other.example.org")
        self.refused(admin, "region delete RegionN", 403)
        admin.run(f"endpoint delete {endpoint['id']}")
        admin.run("service delete watch")
        admin.run("region delete RegionN")
        self.refused(admin, "region show RegionN", "No Region found for RegionN")


class Credentials(Workflow):
    def test_from_create_to_delete(self):
        user = self.made("user", "--password pw kay")
        project = self.made("project", "vault")
        credential = self.made("credential", "--type cert --project vault kay 'a certificate'")
        self.shows(credential, type="cert", blob="a certificate", user_id=user["id"], project_id=project["id"])
        rows = admin.show("credential list --user kay --type cert")
        self.assertEqual([(row["ID"], row["Data"]) for row in rows], [(credential["id"], "a certificate")])
        # The command always sends the type, which Keystone does not let change.
        self.refused(admin, f"credential set --user kay --type cert --data new --project vault {credential['id']}", 400)
        self.shows(admin.show(f"credential show {credential['id']}"), type="cert", blob="a certificate")
        admin.run(f"credential delete {credential['id']}")
        self.refused(admin, f"credential show {credential['id']}", credential["id"])


    def test_ec2(self):
        user = self.made("user", "--password pw signer")
        project = self.made("project", "bucket")
        admin.run("role add --user signer --project bucket member")
        signer = Actor(username="signer", password="pw", user_domain_name="Default",
                       project_name="bucket", project_domain_name="Default")
        own = signer.show("ec2 credentials create")
        self.shows(own, user_id=user["id"], project_id=project["id"], trust_id=None)
        given = admin.show("ec2 credentials create --user signer --project bucket")
        self.assertEqual({row["Access"]: row["Secret"] for row in signer.show("ec2 credentials list")},
                         {own["access"]: own["secret"], given["access"]: given["secret"]})
        self.shows(signer.show(f"ec2 credentials show {own['access']}"), secret=own["secret"], user_id=user["id"])
        self.assertEqual(len(admin.show("ec2 credentials list --user signer")), 2)
        self.made("user", "--password pw thief")
        admin.run("role add --user thief --project bucket member")
        thief = Actor(username="thief", password="pw", user_domain_name="Default",
                      project_name="bucket", project_domain_name="Default")
        self.refused(thief, f"ec2 credentials show --user {user['id']} {own['access']}", 403)
        self.refused(thief, f"ec2 credentials delete {own['access']}", "(HTTP 40")  # Keystone 403, Lintel 404
        signer.run(f"ec2 credentials delete {own['access']}")
        admin.run(f"ec2 credentials delete --user signer {given['access']}")
        self.assertEqual(signer.show("ec2 credentials list"), [])
        self.refused(admin, f"ec2 credentials show --user signer {own['access']}", 404)


class OAuth(Workflow):
    def test_delegation(self):
        consumer = self.made("consumer", "--description Printer")
        self.shows(consumer, description="Printer")
        self.assertTrue(consumer["secret"])
        admin.run(f"consumer set --description Plotter {consumer['id']}")
        shown = admin.show(f"consumer show {consumer['id']}")
        self.shows(shown, description="Plotter", secret=None)
        self.assertIn((consumer["id"], "Plotter"),
                      [(row["ID"], row["Description"]) for row in admin.show("consumer list")])
        key = f"--consumer-key {consumer['id']} --consumer-secret {consumer['secret']}"
        project = admin.show("project show admin")["id"]
        request = admin.show(f"request token create {key} --project {project}")
        self.refused(admin, f"request token create --consumer-key {consumer['id']} --consumer-secret wrong "
                            f"--project {project}", 401)
        request_key = f"{key} --request-key {request['id']} --request-secret {request['secret']}"
        self.refused(admin, f"access token create {request_key} --verifier early", "")
        verifier = admin.show(f"request token authorize --request-key {request['id']} --role reader")["oauth_verifier"]
        self.refused(admin, f"access token create {request_key} --verifier {'8' * len(verifier)}", 401)
        access = admin.show(f"access token create {request_key} --verifier {verifier}")
        printer = Actor(auth_type="v3oauth1", consumer_key=consumer["id"], consumer_secret=consumer["secret"],
                        access_key=access["id"], access_secret=access["secret"])
        self.assertEqual(printer.show("token issue")["project_id"], project)
        self.refused(printer, "user list", 403)  # the admin's, but without the role
        # A used one: 401, and 404 in Keystone.
        self.refused(admin, f"access token create {request_key} --verifier {verifier}", "(HTTP 40")
        admin.run(f"consumer delete {consumer['id']}")
        self.refused(printer, "token issue", "Access token not found")
        self.refused(admin, f"consumer show {consumer['id']}", consumer["id"])


class Federation(Workflow):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.rules = pathlib.Path(folder.name, "rules.json")
        self.rules.write_text(json.dumps([{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "REMOTE_USER"}]}]))

    def test_from_create_to_delete(self):
        domain = self.made("domain", "partners")
        provider = self.made("identity provider", "--remote-id https://idp.example.org --remote-id urn:idp "
                             "--description Partner --domain partners --authorization-ttl 30 partner")
        self.shows(provider, id="partner", enabled=True, description="Partner", domain_id=domain["id"],
                   authorization_ttl=30)
        self.assertEqual(sorted(provider["remote_ids"]), ["https://idp.example.org", "urn:idp"])
        self.refused(admin, "identity provider create --domain partners partner", 409)
        admin.run("identity provider set --remote-id https://new.example.org --description New --disable "
                  "--authorization-ttl 0 partner")
        self.shows(admin.show("identity provider show partner"), enabled=False, description="New",
                   remote_ids=["https://new.example.org"], authorization_ttl=0)
        self.assertEqual([row["ID"] for row in admin.show("identity provider list")], ["partner"])
        self.assertEqual(admin.show("identity provider list --enabled"), [])
        self.assertEqual([row["ID"] for row in admin.show("identity provider list --id partner")], ["partner"])

        mapping = self.made("mapping", f"--rules {self.rules} --schema-version 2.0 people")
        self.shows(mapping, id="people", rules=json.loads(self.rules.read_text()), schema_version="2.0")
        self.rules.write_text('[{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "MAIL"}]}]')
        admin.run(f"mapping set --rules {self.rules} people")
        self.assertEqual(admin.show("mapping show people")["rules"][0]["remote"], [{"type": "MAIL"}])
        self.assertEqual([row["ID"] for row in admin.show("mapping list")], ["people"])
        self.rules.write_text('[{"local": []}]')
        self.refused(admin, f"mapping create --rules {self.rules} wrong", 400)

        which = "--identity-provider partner"
        protocol = admin.show(f"federation protocol create {which} --mapping people mapped")
        self.shows(protocol, id="mapped", mapping="people")
        self.made("mapping", f"--rules {self.rules_again()} others")
        # The command ends as if it had failed.
        with contextlib.suppress(Refused):
            admin.run(f"federation protocol set {which} --mapping others mapped")
        self.shows(admin.show(f"federation protocol show {which} mapped"), id="mapped", mapping="others")
        rows = admin.show(f"federation protocol list {which}")
        self.assertEqual([(row["id"], row["mapping"]) for row in rows], [("mapped", "others")])
        admin.run(f"federation protocol delete {which} mapped")
        self.refused(admin, f"federation protocol show {which} mapped", "No FederationProtocol found")
        admin.run("identity provider delete partner")
        self.refused(admin, "identity provider show partner", "partner")
        admin.run("mapping delete people others")
        self.refused(admin, "mapping show people", "No Mapping found")
        admin.run("domain set --disable partners")

    def rules_again(self):
        self.rules.write_text('[{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "OTHER"}]}]')
        return self.rules

    def test_service_provider(self):
        made = self.made("service provider", "--auth-url https://sp.example.org/v3/auth --description Far "
                         "--service-provider-url https://sp.example.org/saml far")
        self.shows(made, id="far", enabled=True, description="Far", auth_url="https://sp.example.org/v3/auth",
                   sp_url="https://sp.example.org/saml")
        admin.run("service provider set --description Near --disable --auth-url https://near.example.org far")
        self.shows(admin.show("service provider show far"), enabled=False, description="Near",
                   auth_url="https://near.example.org")
        self.assertEqual([row["ID"] for row in admin.show("service provider list")], ["far"])
        admin.run("service provider delete far")
        self.refused(admin, "service provider show far", "far")

    def test_where_one_may_go(self):
        admin.run("role add --domain default --user admin reader")
        self.addCleanup(admin.run, "role remove --domain default --user admin reader")
        self.assertIn("admin", admin.names("federation project list"))
        self.assertIn("Default", admin.names("federation domain list"))


class Filters(Workflow):
    def setUp(self):
        self.project = self.made("project", "fenced")["id"]
        self.made("service", "--name gate fence")
        self.endpoint = self.made("endpoint", "--region RegionOne gate public http://gate.example.org")["id"]
        admin.run("role add --project fenced --user admin member")
        self.inside = Actor(username="admin", password=admin.env["password"], user_domain_name="Default",
                            project_name="fenced", project_domain_name="Default")

    def test_endpoints_of_a_project(self):
        self.assertIn("gate", self.inside.names("catalog list"))
        keystone = admin.show("endpoint list --service keystone --interface public")[0]["ID"]
        admin.run(f"endpoint add project {keystone} fenced")
        self.assertEqual(self.inside.names("catalog list"), ["keystone"])
        rows = admin.show("endpoint list --project fenced")
        self.assertEqual([row["ID"] for row in rows], [keystone])
        admin.run(f"endpoint remove project {keystone} fenced")
        self.assertIn("gate", self.inside.names("catalog list"))

    def test_groups_of_endpoints(self):
        with tempfile.TemporaryDirectory() as folder:
            filters = pathlib.Path(folder, "filters.json")
            filters.write_text('{"interface": "public"}')
            group = self.made("endpoint group", f"--description Doors doors {filters}")
            self.shows(group, name="doors", description="Doors", filters={"interface": "public"})
            filters.write_text('{"interface": "internal"}')
            admin.run(f"endpoint group set --name gates --description Gates --filters {filters} doors")
        self.shows(admin.show("endpoint group show gates"), description="Gates", filters={"interface": "internal"})
        self.assertIn("gates", admin.names("endpoint group list"))
        admin.run("endpoint group add project gates fenced")
        self.assertEqual(admin.names("endpoint group list --project fenced"), ["gates"])
        self.assertEqual(self.inside.names("catalog list"), ["keystone"])
        admin.run("endpoint group remove project gates fenced")
        admin.run("endpoint group delete gates")
        self.refused(admin, "endpoint group show gates", "gates")


class Policies(Workflow):
    def test_from_create_to_delete(self):
        with tempfile.TemporaryDirectory() as folder:
            rules = pathlib.Path(folder, "rules")
            rules.write_text("everybody")
            policy = self.made("policy", f"--type text/plain {rules}")
            self.shows(policy, type="text/plain", rules="everybody")
            rules.write_text("nobody")
            admin.run(f"policy set --type text/x-rules --rules {rules} {policy['id']}")
        self.shows(admin.show(f"policy show {policy['id']}"), type="text/x-rules", rules="nobody")
        self.assertEqual([row["ID"] for row in admin.show("policy list --long")], [policy["id"]])
        admin.run(f"policy delete {policy['id']}")
        self.refused(admin, f"policy show {policy['id']}", "No Policy found")


class Limits(Workflow):
    def test_from_create_to_delete(self):
        project = self.made("project", "bounded")
        service = self.made("service", "--name mill milling")
        registered = system_admin.show("registered limit create --service mill --default-limit 10 --region RegionOne "
                                       "--description Stones stones")
        self.addCleanup(system_admin.run, f"registered limit delete {registered['id']}")
        self.shows(registered, resource_name="stones", default_limit=10, service_id=service["id"],
                   region_id="RegionOne", description="Stones")
        limit = system_admin.show("limit create --project bounded --service mill --region RegionOne "
                                  "--resource-limit 5 stones")
        self.shows(limit, resource_name="stones", resource_limit=5, project_id=project["id"])
        self.refused(system_admin, f"registered limit delete {registered['id']}", 403)
        system_admin.run(f"limit set --resource-limit 7 --description Few {limit['id']}")
        self.shows(system_admin.show(f"limit show {limit['id']}"), resource_limit=7, description="Few")
        rows = system_admin.show("limit list --service mill --resource-name stones --project bounded")
        self.assertEqual([row["ID"] for row in rows], [limit["id"]])
        system_admin.run(f"limit delete {limit['id']}")
        self.refused(system_admin, f"limit show {limit['id']}", "No Limit found")
        system_admin.run(f"registered limit set --default-limit 12 --resource-name pebbles {registered['id']}")
        self.shows(system_admin.show(f"registered limit show {registered['id']}"),
                   default_limit=12, resource_name="pebbles")
        rows = system_admin.show("registered limit list --service mill")
        self.assertEqual([row["ID"] for row in rows], [registered["id"]])


class Delegation(Workflow):
    def setUp(self):
        self.project = self.made("project", "lent")["id"]
        for name in "lender", "borrower":
            self.made("user", f"--password pw {name}")
        admin.run("role add --project lent --user lender member")
        self.lender = Actor(username="lender", password="pw", user_domain_name="Default",
                            project_name="lent", project_domain_name="Default")

    def test_application_credential(self):
        rules = """'[{"service": "identity", "method": "GET", "path": "/v3/auth/projects"}]'"""
        made = self.lender.show(f"application credential create --secret s3cret --role member --description Robot "
                                f"--expiration 2100-01-01T00:00:00 --access-rules {rules} robot")
        self.shows(made, Name="robot", Secret="s3cret", Description="Robot", Unrestricted=False)
        self.assertEqual(self.lender.names("application credential list"), ["robot"])
        self.shows(self.lender.show("application credential show robot"),
                   **{"ID": made["ID"], "Project ID": self.project})
        robot = Actor(auth_type="v3applicationcredential", application_credential_id=made["ID"],
                      application_credential_secret="s3cret")
        self.assertEqual(robot.show("token issue")["project_id"], self.project)
        self.refused(robot, "user list", 401)  # no access rule allows it

        [rule] = self.lender.show("access rule list")
        self.shows(self.lender.show(f"access rule show {rule['ID']}"), Path="/v3/auth/projects", Method="GET")
        self.refused(self.lender, f"access rule delete {rule['ID']}", 403)
        self.lender.run("application credential delete robot")
        self.refused(robot, "token issue", 404)
        self.lender.run(f"access rule delete {rule['ID']}")
        self.assertEqual(self.lender.show("access rule list"), [])

    def test_trust(self):
        trustor, trustee = (admin.show(f"user show {name}")["id"] for name in ("lender", "borrower"))
        member = admin.show("role show member")["id"]
        trust = self.lender.show(f"trust create --project {self.project} --role {member} --impersonate "
                                 f"--expiration 2100-01-01T00:00:00 {trustor} {trustee}")
        self.shows(trust, trustor_user_id=trustor, trustee_user_id=trustee, project_id=self.project,
                   is_impersonation=True)
        self.assertEqual(self.lender.show(f"trust show {trust['id']}")["id"], trust["id"])
        rows = self.lender.show(f"trust list --trustor {trustor}")
        self.assertEqual([row["ID"] for row in rows], [trust["id"]])
        borrower = Actor(username="borrower", password="pw", user_domain_name="Default", trust_id=trust["id"])
        token = borrower.show("token issue")
        self.assertEqual((token["user_id"], token["project_id"]), (trustor, self.project))
        self.lender.run(f"trust delete {trust['id']}")
        self.refused(borrower, "token issue", "")


class Tokens(Workflow):
    def test_issue_use_revoke(self):
        project = admin.show("project show admin")
        token = admin.show("token issue")
        self.assertEqual(token["project_id"], project["id"])
        bearer = Actor(auth_type="v3token", token=token["id"], project_name="admin", project_domain_name="Default")
        self.assertIn("admin", bearer.names("user list"))
        admin.run(f"token revoke {token['id']}")
        self.refused(bearer, "user list", 404)
        self.refused(admin, f"token revoke {token['id']}", 404)

    def test_scopes(self):
        self.assertEqual(system_admin.show("token issue")["system"], "all")
        self.made("user", "--password pw free")
        token = Actor(username="free", password="pw", user_domain_name="Default").show("token issue")
        self.assertEqual(sorted(token), ["expires", "id", "user_id"])
        self.made("domain", "scope")
        admin.run("role add --domain scope --user free reader")
        token = Actor(username="free", password="pw", user_domain_name="Default",
                      domain_name="scope").show("token issue")
        self.assertEqual(token["domain_id"], admin.show("domain show scope")["id"])
        admin.run("domain set --disable scope")
        admin.run("domain delete scope")

    def test_wrong_password(self):
        wrong = Actor(username="admin", password="wrong", user_domain_name="Default", project_name="admin",
                      project_domain_name="Default")
        self.refused(wrong, "token issue", "The request you have made requires authentication. (HTTP 401)")


class Processes(Workflow):
    """The command line itself."""

    def test_environment(self):
        self.assertRegex(admin.process("token issue -f value -c id"), r"^gAAAA\S+\n$")

    def test_options(self):
        out = Actor().process(
            f"--os-username admin --os-password {admin.env['password']} --os-user-domain-id default "
            "--os-project-name admin --os-project-domain-id default user list -f value -c Name")
        self.assertIn("admin\n", out)

    def test_clouds_yaml(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "clouds.yaml")
            path.write_text(f"""
clouds:
  here:
    auth:
      auth_url: {os.environ["OS_AUTH_URL"]}
      username: admin
      password: {admin.env["password"]}
      user_domain_name: Default
      project_name: admin
      project_domain_name: Default
    region_name: RegionOne
""")
            out = Actor(client_config_file=str(path)).process("--os-cloud here project list -f value -c Name")
        self.assertIn("admin\n", out)

    def test_failure(self):
        with self.assertRaises(Refused) as caught:
            admin.process("user show nobody-at-all")
        self.assertIn("No User found for nobody-at-all", str(caught.exception))

    def test_batch(self):
        self.assertIn("Default", admin.process("-q domain list"))


class Coverage(unittest.TestCase):
    """Runs last: every command was given by some workflow."""

    def test_every_command(self):
        entries = importlib.metadata.entry_points(group="openstack.identity.v3")
        self.assertEqual(sorted({entry.name for entry in entries} - Actor.used), [])


def main():
    cases = Workflow.__subclasses__() + [Coverage]
    if len(sys.argv) > 1:
        cases = [case for case in cases if case.__name__ in sys.argv]
    suite = unittest.TestSuite(map(unittest.defaultTestLoader.loadTestsFromTestCase, cases))
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors)
    os.write(3, f"{result.testsRun - failed} {failed} {len(result.skipped)}\n".encode())


main()
